import type { OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import type { encodeFlags } from "./encode-flags.ts";
import { similarityTable } from "./similarity-table.ts";
import { truncationNote } from "./truncation-note.ts";
import { openVectorSink } from "./vector-sink.ts";

/** Encodes the texts of the command line and writes their vectors, or with `--similarity` prints how alike they are. */
export async function encodeTexts(
  encoder: SentenceEncoder,
  texts: readonly string[],
  { flags, options }: { readonly flags: OptionValues<typeof encodeFlags>; readonly options: EncodeOptions },
): Promise<void> {
  const encoded = await encoder.encode(texts, options);
  if (!flags.quiet) process.stderr.write(truncationNote(encoded.truncated.length, texts.length));
  if (flags.similarity) {
    const { scores } = encoder.similarity(encoded, encoded);
    const rows = texts.map((_, row) => Array.from(scores.subarray(row * texts.length, (row + 1) * texts.length)));
    const matrix = flags.json ? JSON.stringify({ texts, similarity: rows }) : similarityTable(texts, scores);
    process.stdout.write(`${matrix}\n`);
    return;
  }
  const sink = await openVectorSink(flags.output, encoded.dimension);
  try {
    await sink.write(texts, encoded.embeddings);
    await sink.finish();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
}
