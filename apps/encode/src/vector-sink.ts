import { extname } from "node:path";
import { writeToStream } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { openFileAtomic, writeFileAtomic } from "@kindred/files/node";
import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
import { npyRowsWriter } from "@kindred/tensor-files/node";

/** Takes texts and their vectors as they are made; the file is there, whole, once `finish` has resolved, and not before. */
export type VectorSink = {
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
export async function openVectorSink(file: string, dimension: number): Promise<VectorSink> {
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
