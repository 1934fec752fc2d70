import { writeToStream } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { openFileAtomic, writeFileAtomic } from "@kindred/files/node";
import type { OptionValues } from "@kindred/options";
import type { EncodeOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
import { npyRowsWriter } from "@kindred/tensor-files/node";
import { extname } from "node:path";
import type { encodeFlags } from "./encode-flags.ts";
import { readTexts } from "./read-texts.ts";

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
  const started = performance.now();
  const encoded = await encoder.encode(texts, options);
  if (!flags.quiet) process.stderr.write(truncationNote(encoded.truncated.length, texts.length));
  if (flags.similarity) {
    const { scores } = encoder.similarity(encoded, encoded);
    const rows = texts.map((_, row) => Array.from(scores.subarray(row * texts.length, (row + 1) * texts.length)));
    const matrix = flags.json ? JSON.stringify({ texts, similarity: rows }) : similarityTable(texts, rows);
    process.stdout.write(`${matrix}\n`);
    return;
  }
  const { dimension } = encoded;
  await using sink = await openVectorSink(flags.output, dimension);
  await sink.write(texts, encoded.embeddings);
  await sink.finish();
  const seconds = (performance.now() - started) / 1000;
  printDone(flags, { texts: texts.length, truncated: encoded.truncated.length, dimension, seconds });
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
  const { input, output, quiet } = flags;
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
  printDone(flags, { texts: done, truncated, dimension, seconds });
  if (quiet) return;
  const speed = `${done} texts in ${seconds.toFixed(1)} s (${Math.round(done / seconds)} a second)`;
  process.stderr.write(`${showsProgress ? "\r\u001b[K" : ""}${truncationNote(truncated, done)}`);
  process.stderr.write(`${speed}${output === "" ? "" : ` → ${output}`}\n`);
}

/** The event that the file is there, where `--json` asks for events. */
function printDone(
  { json, output }: Pick<EncodeRequest["flags"], "json" | "output">,
  done: { readonly texts: number; readonly truncated: number; readonly dimension: number; readonly seconds: number },
): void {
  if (json && output !== "") process.stdout.write(`${JSON.stringify({ type: "done", ...done, output })}\n`);
}

/** What is told to people when texts lost their end; nothing when none did. */
export function truncationNote(truncated: number, texts: number): string {
  return truncated > 0 ? `${truncated} of ${texts} texts were longer than the model's limit and lost their end.\n` : "";
}

/** Takes texts and their vectors as they are made; the file is there, whole, once `finish` has resolved, and not before. */
type VectorSink = {
  write(texts: readonly string[], embeddings: Float32Array): Promise<void>;
  finish(): Promise<void>;
  /** Gives up, unless it was finished: no file is left. */
  [Symbol.asyncDispose](): Promise<void>;
};

const kinds = { ".npy": npySink, ".jsonl": jsonlSink, ".safetensors": safetensorsSink };

/**
 * A sink that writes vectors of length `dimension` to a file of the kind that its name ends in: `.npy` (float32, one row a
 * text), `.jsonl` (rows `{text, embedding}`) or `.safetensors` (one tensor `embeddings`). Without a name, `""`, such rows go to
 * standard output.
 *
 * @throws ConfigError for another ending.
 */
async function openVectorSink(file: string, dimension: number): Promise<VectorSink> {
  if (file === "") return outputSink(dimension);
  return kinds[checkVectorFile(file)](file, dimension);
}

/**
 * The ending of a file's name, one that {@link openVectorSink} knows.
 *
 * @throws ConfigError for another one.
 */
export function checkVectorFile(file: string): keyof typeof kinds {
  const ending = extname(file);
  if (Object.hasOwn(kinds, ending)) return ending as keyof typeof kinds;
  throw new ConfigError(`--output: unknown kind of file. Got ${file}, expected .npy, .jsonl or .safetensors.`, {
    file,
  });
}

function outputSink(dimension: number): VectorSink {
  return {
    write: (texts, embeddings) => writeToStream(process.stdout, vectorLines(texts, embeddings, dimension)),
    finish: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Rows of JSON `{text, embedding}`, one a line. */
function vectorLines(texts: readonly string[], embeddings: Float32Array, dimension: number): string {
  const number = (value: number) => Number(value.toPrecision(9)); // 9 digits give a float32 back exactly
  const line = (text: string, i: number) => {
    const embedding = Array.from(embeddings.subarray(i * dimension, (i + 1) * dimension), number);
    return `${JSON.stringify({ text, embedding })}\n`;
  };
  return texts.map(line).join("");
}

async function npySink(file: string, dimension: number): Promise<VectorSink> {
  const writer = await npyRowsWriter(file, dimension);
  return {
    write: (_texts, embeddings) => writer.write(embeddings),
    finish: () => writer.close(),
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

async function jsonlSink(path: string, dimension: number): Promise<VectorSink> {
  const file = await openFileAtomic(path);
  return { ...file, write: (texts, embeddings) => file.write(vectorLines(texts, embeddings, dimension)) };
}

async function safetensorsSink(file: string, dimension: number): Promise<VectorSink> {
  const parts: Float32Array[] = [];
  return {
    write: async (_texts, embeddings) => {
      parts.push(embeddings);
    },
    async finish() {
      const rows = parts.reduce((sum, part) => sum + part.length / dimension, 0);
      const all = new Float32Array(rows * dimension);
      let at = 0;
      for (const part of parts) {
        all.set(part, at);
        at += part.length;
      }
      await writeFileAtomic(file, writeSafetensors([["embeddings", fromFloat32(all, [rows, dimension])]]));
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
