import type { OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import type { encodeFlags } from "./encode-flags.ts";
import { readTexts } from "./read-texts.ts";
import { textWindows } from "./text-windows.ts";
import { truncationNote } from "./truncation-note.ts";
import { openVectorSink } from "./vector-sink.ts";

/** Texts that are encoded, and written, at a time. */
const windowTexts = 4096;

/** Encodes the texts of `--input`, however many, writes their vectors as they come, and says how fast it went. */
export async function encodeFile(
  encoder: SentenceEncoder,
  { flags, options }: { readonly flags: OptionValues<typeof encodeFlags>; readonly options: EncodeOptions },
): Promise<void> {
  const { input, output, json, quiet } = flags;
  const showsProgress = !quiet && process.stderr.isTTY === true;
  const started = performance.now();
  const { dimension } = await encoder.encode([], options);
  const sink = await openVectorSink(output, dimension);
  let done = 0;
  let truncated = 0;
  const onProgress = (ready: number) => {
    const rate = Math.round((1000 * (done + ready)) / (performance.now() - started));
    process.stderr.write(`\r\u001b[K${done + ready} texts, ${rate} a second`);
  };
  try {
    for await (const texts of textWindows(readTexts(input), windowTexts)) {
      const encoded = await encoder.encode(texts, showsProgress ? { ...options, onProgress } : options);
      await sink.write(texts, encoded.embeddings);
      done += texts.length;
      truncated += encoded.truncated.length;
    }
    await sink.finish();
  } catch (error) {
    await sink.abandon();
    throw error;
  }
  const seconds = (performance.now() - started) / 1000;
  if (json && output !== "") {
    process.stdout.write(`${JSON.stringify({ type: "done", texts: done, truncated, dimension, seconds, output })}\n`);
  }
  if (quiet) return;
  const speed = `${done} texts in ${seconds.toFixed(1)} s (${Math.round(done / seconds)} a second)`;
  process.stderr.write(`${showsProgress ? "\r\u001b[K" : ""}${truncationNote(truncated, done)}`);
  process.stderr.write(`${speed}${output === "" ? "" : ` → ${output}`}\n`);
}
