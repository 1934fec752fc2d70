import { ConfigError } from "@kindred/errors";
import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
import { npyRowsWriter, writeFileAtomic } from "@kindred/tensor-files/node";
import { atomicTextFile } from "./atomic-text-file.ts";

/** Takes texts and their vectors as they are made; the file is there, whole, once `finish` has resolved, and not before. */
export type VectorSink = {
  write(texts: readonly string[], embeddings: Float32Array): Promise<void>;
  finish(): Promise<void>;
  /** Gives up: no file is left. */
  abandon(): Promise<void>;
};

/**
 * A sink that writes vectors of length `dimension` to a file of the kind that its name ends in: `.npy` (float32, one row a
 * text), `.jsonl` (rows `{text, embedding}`) or `.safetensors` (one tensor `embeddings`).
 *
 * @throws ConfigError for another ending.
 */
export async function openVectorSink(file: string, dimension: number): Promise<VectorSink> {
  if (file.endsWith(".npy")) return npySink(file, dimension);
  if (file.endsWith(".jsonl")) return jsonlSink(file, dimension);
  if (file.endsWith(".safetensors")) return safetensorsSink(file, dimension);
  throw new ConfigError(`--output: unknown kind of file. Got ${file}, expected .npy, .jsonl or .safetensors.`, {
    file,
  });
}

/** One row of `.jsonl` output, without its line end. */
export function vectorLine(text: string, embedding: Float32Array): string {
  return JSON.stringify({ text, embedding: Array.from(embedding, (value) => Number(value.toPrecision(9))) }); // 9 digits give a float32 back exactly
}

async function npySink(file: string, dimension: number): Promise<VectorSink> {
  const writer = await npyRowsWriter(file, dimension);
  return {
    write: (_texts, embeddings) => writer.write(embeddings),
    finish: () => writer.close(),
    abandon: () => writer[Symbol.asyncDispose](),
  };
}

function jsonlSink(path: string, dimension: number): VectorSink {
  const file = atomicTextFile(path);
  const line = (text: string, i: number, embeddings: Float32Array) =>
    `${vectorLine(text, embeddings.subarray(i * dimension, (i + 1) * dimension))}\n`;
  return {
    ...file,
    write: (texts, embeddings) => file.write(texts.map((text, i) => line(text, i, embeddings)).join("")),
  };
}

function safetensorsSink(file: string, dimension: number): VectorSink {
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
    abandon: async () => {},
  };
}
