import type { OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import type { encodeFlags } from "./encode-flags.ts";
import { readTexts } from "./read-texts.ts";
import { openVectorSink } from "./vector-sink.ts";

/** What a command line says of the vectors, and of where they go. */
export type EncodeRequest = {
  readonly flags: OptionValues<typeof encodeFlags>;
  readonly options: Omit<EncodeOptions, "onProgress" | "calibrationEmbeddings">;
};

/** Encodes the texts of the command line and writes their vectors, or with `--similarity` prints how alike they are. */
export async function encodeTexts(
  encoder: SentenceEncoder,
  texts: readonly string[],
  { flags, options }: EncodeRequest,
): Promise<void> {
  const encoded = await encoder.encode(texts, options);
  if (!flags.quiet) process.stderr.write(truncationNote(encoded.truncated.length, texts.length));
  if (flags.similarity) {
    const { scores } = encoder.similarity(encoded, encoded);
    const rows = texts.map((_, row) => Array.from(scores.subarray(row * texts.length, (row + 1) * texts.length)));
    const matrix = flags.json ? JSON.stringify({ texts, similarity: rows }) : similarityTable(texts, rows);
    process.stdout.write(`${matrix}\n`);
    return;
  }
  await using sink = await openVectorSink(flags.output, encoded.dimension);
  await sink.write(texts, encoded.embeddings);
  await sink.finish();
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

/** Encodes the texts of `--input`, however many, writes their vectors as they come, and says how fast it went. */
export async function encodeFile(encoder: SentenceEncoder, { flags, options }: EncodeRequest): Promise<void> {
  const { input, output, json, quiet } = flags;
  const showsProgress = !quiet && process.stderr.isTTY === true;
  const started = performance.now();
  const { dimension } = await encoder.encode([], options);
  await using sink = await openVectorSink(output, dimension);
  let done = 0;
  let truncated = 0;
  const onProgress = (ready: number) => {
    const rate = Math.round((1000 * ready) / (performance.now() - started));
    process.stderr.write(`\r\u001b[K${ready} texts, ${rate} a second`);
  };
  const windows = encoder.encodeStream(readTexts(input), showsProgress ? { ...options, onProgress } : options);
  for await (const { texts, encoded } of windows) {
    await sink.write(texts, encoded.embeddings);
    done += texts.length;
    truncated += encoded.truncated.length;
  }
  await sink.finish();
  const seconds = (performance.now() - started) / 1000;
  if (json && output !== "") {
    process.stdout.write(`${JSON.stringify({ type: "done", texts: done, truncated, dimension, seconds, output })}\n`);
  }
  if (quiet) return;
  const speed = `${done} texts in ${seconds.toFixed(1)} s (${Math.round(done / seconds)} a second)`;
  process.stderr.write(`${showsProgress ? "\r\u001b[K" : ""}${truncationNote(truncated, done)}`);
  process.stderr.write(`${speed}${output === "" ? "" : ` → ${output}`}\n`);
}

/** What is told to people when texts lost their end; nothing when none did. */
function truncationNote(truncated: number, texts: number): string {
  return truncated > 0 ? `${truncated} of ${texts} texts were longer than the model's limit and lost their end.\n` : "";
}
