import { writeToStream } from "@kindred/command-line/node";
import type { OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import { jsonlForm } from "@kindred/vector-files";
import type { encodeFlags } from "./encode-flags.ts";

/** What a command line says of the vectors. */
export type EncodeRequest = {
  readonly flags: OptionValues<typeof encodeFlags>;
  readonly options: Omit<EncodeOptions, "onProgress" | "calibrationEmbeddings">;
};

/** Encodes the texts of the command line and prints their vectors, or with `--similarity` how alike they are. */
export async function encodeTexts(
  encoder: SentenceEncoder,
  texts: readonly string[],
  { flags, options }: EncodeRequest,
): Promise<void> {
  const { precision } = flags;
  if (flags.similarity) {
    const encoded = await encoder.encode(texts, options);
    const { scores } = encoder.similarity(encoded, encoded);
    const rows = texts.map((_, row) => Array.from(scores.subarray(row * texts.length, (row + 1) * texts.length)));
    if (!flags.quiet) process.stderr.write(truncationNote(encoded.truncated.length, texts.length));
    const matrix = flags.json ? JSON.stringify({ texts, similarity: rows }) : similarityTable(texts, rows);
    process.stdout.write(`${matrix}\n`);
    return;
  }
  const encoded = await encoder.encode(texts, { ...options, precision });
  if (!flags.quiet) process.stderr.write(truncationNote(encoded.truncated.length, texts.length));
  const columns = { dimension: encoded.dimension, precision, ids: false, texts: flags.texts };
  const { embeddings } = encoded;
  await writeToStream(process.stdout, jsonlForm.piece(columns, { start: 0, embeddings, texts }).bytes);
}

/** A square similarity matrix as a table for people: a number for every pair, and the texts beside the rows. */
function similarityTable(texts: readonly string[], rows: readonly (readonly number[])[]): string {
  const cell = (text: string) => text.padStart(9);
  const head = `${" ".repeat(4)}${texts.map((_, column) => cell(`${column + 1}`)).join("")}`;
  const lines = rows.map((scores, row) => {
    const numbers = scores.map((score) => cell(score.toFixed(4))).join("");
    return `${`${row + 1}`.padStart(4)}${numbers}   ${texts[row]}`;
  });
  return [head, ...lines].join("\n");
}

/** What is told to people when texts lost their end; nothing when none did. */
export function truncationNote(truncated: number, texts: number): string {
  return truncated > 0 ? `${truncated} of ${texts} texts were longer than the model's limit and lost their end.\n` : "";
}
