import { open } from "node:fs/promises";
import { openParquet, type ParquetFile } from "../parquet-file.ts";

/** What the thread is asked for: the file's columns and row groups, or the values of one group. */
export type ParquetJob = { readonly group: undefined } | { readonly group: number; readonly names: readonly string[] };

/** What it gives for the first. */
export type ParquetFacts = Pick<ParquetFile, "names" | "groups">;

/** The program of the thread that reads a Parquet file: for `startPool` of `@kindred/mesh/node`, with the file's path as data. */
export default function program(path: string): (job: ParquetJob) => Promise<unknown> {
  let parquet: Promise<ParquetFile> | undefined;
  return async (job) => {
    parquet ??= openFile(path);
    const { names, groups, read } = await parquet;
    return job.group === undefined ? { names, groups } : read(job.group, job.names);
  };
}

async function openFile(path: string): Promise<ParquetFile> {
  const handle = await open(path);
  const { size: byteLength } = await handle.stat();
  const slice = async (start: number, end = byteLength): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start));
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) break; // the file has become shorter: what is missing is noticed as damage
      at += bytesRead;
    }
    return bytes.buffer;
  };
  return openParquet({ byteLength, slice }, path);
}
