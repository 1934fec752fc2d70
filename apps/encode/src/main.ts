import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { checkOptions, type OptionValues, parseFlags } from "@kindred/command-line";
import { exitCodeOf } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { countFlops } from "@kindred/nn";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { profileKernels, profileTable } from "@kindred/tensor";
import { encodeFlags, encodeHelp } from "./encode-flags.ts";
import { readTexts } from "./read-texts.ts";
import { similarityTable } from "./similarity-table.ts";
import { tokenize } from "./tokenize.ts";
import { openVectorSink, vectorLine } from "./vector-sink.ts";

type Flags = OptionValues<typeof encodeFlags>;

/** Texts that are encoded, and written, at a time. */
const windowTexts = 4096;

/** Runs `kindred-encode` with these arguments and gives its exit code. */
export function main(argv: readonly string[]): Promise<number> {
  return exitCodeOf((signal) => (argv[0] === "tokenize" ? tokenize(argv.slice(1)) : run(argv, signal)));
}

async function run(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { given, positionals: texts } = parseFlags(encodeFlags, argv);
  const flags = checkOptions(encodeFlags, given, "kindred-encode");
  if (flags.help) return void process.stdout.write(encodeHelp());
  if (flags.version) return void process.stdout.write(`${version()}\n`);
  refuseContradictions(flags, texts);
  const cores = flags.profile ? 0 : flags.cores > 0 ? flags.cores : flags.input === "" ? 0 : availableParallelism();
  const folder = await modelFolder(flags.model, {
    offline: flags.offline,
    signal,
    ...(flags.quiet ? {} : { sink: process.stderr }),
  });
  await using encoder = await loadSentenceEncoder(folder, { cores, revectorize: flags.revectorize });
  const { maxLength, normalizeEmbeddings, specialTokens, maxBatchTokens } = flags;
  const options = {
    ...(maxLength === undefined ? {} : { maxLength }),
    normalizeEmbeddings,
    specialTokens,
    maxBatchTokens,
    signal,
  };
  if (flags.profile) await encoder.encode("", options); // so that every op has its kernel
  const profiler = flags.profile ? profileKernels({ countFlops }) : undefined;
  if (flags.input !== "") await encodeFile(encoder, flags, options);
  else await encodeTexts(encoder, texts, flags, options);
  if (profiler !== undefined) process.stderr.write(`${profileTable(profiler.stop())}\n`);
}

function refuseContradictions({ model, input, output, similarity }: Flags, texts: readonly string[]): void {
  if (model === "") throw new ConfigError("kindred-encode: --model is missing. Expected --model FOLDER. See --help.");
  if (input === "" && texts.length === 0)
    throw new ConfigError("kindred-encode: nothing to encode. Give texts, or --input FILE. See --help.");
  if (input !== "" && texts.length > 0)
    throw new ConfigError(
      `kindred-encode: both --input and texts are given. Got ${input} and “${texts[0]}”. Leave one out.`,
    );
  if (similarity && (input !== "" || output !== ""))
    throw new ConfigError(
      "kindred-encode: --similarity compares texts on the command line. Leave out --input and --output.",
    );
}

async function encodeTexts(
  encoder: SentenceEncoder,
  texts: readonly string[],
  flags: Flags,
  options: EncodeOptions,
): Promise<void> {
  const encoded = await encoder.encode(texts, options);
  sayTruncated(encoded.truncated.length, texts.length, flags);
  if (flags.similarity) {
    const { scores } = encoder.similarity(encoded, encoded);
    const rows = texts.map((_, row) => Array.from(scores.subarray(row * texts.length, (row + 1) * texts.length)));
    process.stdout.write(
      `${flags.json ? JSON.stringify({ texts, similarity: rows }) : similarityTable(texts, scores)}\n`,
    );
    return;
  }
  const { embeddings, dimension } = encoded;
  if (flags.output !== "") {
    const sink = await openVectorSink(flags.output, dimension);
    await sink.write(texts, embeddings);
    await sink.finish();
    return;
  }
  for (const [i, text] of texts.entries())
    process.stdout.write(`${vectorLine(text, embeddings.subarray(i * dimension, (i + 1) * dimension))}\n`);
}

async function encodeFile(encoder: SentenceEncoder, flags: Flags, options: EncodeOptions): Promise<void> {
  const sink = flags.output === "" ? undefined : await openVectorSink(flags.output, encoder.dimension);
  const started = performance.now();
  let done = 0;
  let truncated = 0;
  try {
    for await (const texts of windows(readTexts(flags.input), windowTexts)) {
      const onProgress = (ready: number) => sayProgress(done + ready, started, flags);
      const encoded = await encoder.encode(texts, { ...options, onProgress });
      if (sink !== undefined) await sink.write(texts, encoded.embeddings);
      else {
        const { embeddings, dimension } = encoded;
        for (const [i, text] of texts.entries())
          process.stdout.write(`${vectorLine(text, embeddings.subarray(i * dimension, (i + 1) * dimension))}\n`);
      }
      done += texts.length;
      truncated += encoded.truncated.length;
    }
    await sink?.finish();
  } catch (error) {
    await sink?.abandon();
    throw error;
  }
  if (process.stderr.isTTY && !flags.quiet) process.stderr.write("\r\u001b[K");
  sayTruncated(truncated, done, flags);
  const seconds = (performance.now() - started) / 1000;
  if (flags.json && sink !== undefined) {
    process.stdout.write(
      `${JSON.stringify({ type: "done", texts: done, truncated, dimension: encoder.dimension, seconds, output: flags.output })}\n`,
    );
  }
  if (!flags.quiet)
    process.stderr.write(
      `${done} texts in ${seconds.toFixed(1)} s (${Math.round(done / seconds)} a second)${sink === undefined ? "" : ` → ${flags.output}`}\n`,
    );
}

async function* windows(texts: AsyncIterable<string>, size: number): AsyncGenerator<string[]> {
  let window: string[] = [];
  for await (const text of texts) {
    window.push(text);
    if (window.length === size) {
      yield window;
      window = [];
    }
  }
  if (window.length > 0) yield window;
}

function sayProgress(done: number, started: number, { quiet }: Flags): void {
  if (quiet || process.stderr.isTTY !== true) return;
  process.stderr.write(
    `\r\u001b[K${done} texts, ${Math.round((1000 * done) / (performance.now() - started))} a second`,
  );
}

function sayTruncated(truncated: number, texts: number, { quiet }: Flags): void {
  if (truncated > 0 && !quiet)
    process.stderr.write(`${truncated} of ${texts} texts were longer than the model's limit and lost their end.\n`);
}

function version(): string {
  return (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;
}
