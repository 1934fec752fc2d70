import { readFile, rm, stat } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { FormatError } from "@kindred/errors";
import { writeFileAtomic } from "@kindred/files/node";
import type { Json } from "../vector-form.ts";

/** The pieces of a file: rows, bytes, and what the file's end was made from. */
export type PieceList = readonly {
  readonly rows: number;
  readonly bytes: number;
  readonly note?: Json | undefined;
}[];

/**
 * What stands beside a file of vectors, in `<its name>.json`, and marks it as done: what its rows have, how many there are and in how many bytes, the
 * job by which they were made, and what else its maker says of them. Of a shard also its pieces, by which it is merged.
 */
export type VectorManifest = {
  readonly form: string;
  readonly rows: number;
  readonly bytes: number;
  readonly dimension: number;
  readonly precision: string;
  readonly ids: boolean;
  readonly texts: boolean;
  /** Of a shard. */
  readonly pieces?: PieceList;
  readonly [fact: string]: Json | PieceList | undefined;
};

/** Facts by name: what a job is, or what is said of its result. */
export type VectorFacts = { readonly [name: string]: Json };

/** Where the manifest of a file of vectors lies. */
export function manifestPath(file: string): string {
  return `${resolve(file)}.json`;
}

/** The folder in which a file of vectors is made, until it is whole. */
export function workFolder(file: string): string {
  return `${resolve(file)}.part`;
}

/** The file that grows in a work folder. */
export const rowsName = "rows";

/**
 * The manifest of a file of vectors that is done; undefined where there is no such file, it has no manifest, or it is not the one that the manifest
 * was written for.
 *
 * @throws FormatError for a manifest that is none
 *
 * @example
 * ```ts
 * import { finishedVectorFile } from "@kindred/vector-files/node";
 *
 * await finishedVectorFile("a-file-that-is-not-there.npy"); // => undefined
 * ```
 */
export async function finishedVectorFile(file: string): Promise<VectorManifest | undefined> {
  const path = manifestPath(file);
  const text = await readFile(path, "utf8").catch(() => undefined);
  const state = await stat(file).catch(() => undefined);
  if (text === undefined || state === undefined) return undefined;
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch (cause) {
    throw new FormatError({ file: path }, "not JSON. Expected what stands beside a file of vectors.", {}, { cause });
  }
  if (!isManifest(manifest) || manifest.bytes !== state.size) return undefined;
  // Whoever was killed between writing the manifest and clearing up.
  const folder = workFolder(file);
  if (!existsSync(join(folder, rowsName))) await rm(folder, { recursive: true, force: true });
  return manifest;
}

/** Writes a manifest beside its file. */
export async function writeManifest(path: string, manifest: VectorManifest): Promise<void> {
  await writeFileAtomic(manifestPath(path), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

function isManifest(value: unknown): value is VectorManifest {
  if (typeof value !== "object" || value === null) return false;
  const { form, rows, bytes, dimension, precision }: { readonly [key: string]: unknown } = { ...value };
  const hasNumbers = [rows, bytes, dimension].every((number) => Number.isSafeInteger(number));
  return hasNumbers && typeof form === "string" && typeof precision === "string";
}

/**
 * What differs between the job that something was made by and another: a phrase each, `precision was int8 and is float32`.
 *
 * @example
 * ```ts
 * import { jobChanges } from "@kindred/vector-files/node";
 *
 * jobChanges({ precision: "int8", prompt: "" }, { precision: "float32", prompt: "" }); // => ["precision was int8 and is float32"]
 * ```
 */
export function jobChanges(
  was: { readonly [name: string]: unknown },
  is: { readonly [name: string]: unknown },
): string[] {
  return Object.entries(is)
    .filter(([name, value]) => JSON.stringify(was[name]) !== JSON.stringify(value))
    .map(([name, value]) => `${name} was ${shown(was[name])} and is ${shown(value)}`);
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "not set";
  const text = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
