import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { openFileAtomic } from "@kindred/files/node";
import { type Precision, precisions } from "@kindred/vectors";
import type { VectorColumns, VectorForm } from "../vector-form.ts";
import { placed } from "./open-vector-file.ts";
import {
  finishedVectorFile,
  jobChanges,
  type PieceList,
  type VectorManifest,
  writeManifest,
} from "./vector-manifest.ts";

/** Options of {@link mergeVectorFiles}. */
export type MergeVectorFilesOptions = {
  readonly form: VectorForm;
  /** Facts of the manifests that are summed up. All others have to agree, but for rows, bytes, pieces and `shard`, which becomes null. */
  readonly sums?: readonly string[];
  /** Whether another file that is there is replaced. Default: it is refused. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  /** What errors begin with: a command, say. Default: `mergeVectorFiles`. */
  readonly where?: string;
};

type Shard = { readonly path: string; readonly manifest: VectorManifest; readonly pieces: PieceList };

/**
 * Joins shards, of which each has every n-th piece, to one file: its bytes and its manifest are those of a run without shards. Pieces are copied one by
 * one. Where that file is there already, nothing is done.
 *
 * @param shards all of them, in their order
 * @throws ConfigError for shards that are not done, that are not of one job, and for another file that is there
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { jsonlForm } from "@kindred/vector-files";
 * import { mergeVectorFiles, openVectorFile } from "@kindred/vector-files/node";
 *
 * const folder = await mkdtemp(join(tmpdir(), "example-"));
 * const columns = { dimension: 1, precision: "float32", ids: false, texts: false } as const;
 * const shards = [join(folder, "a-0.jsonl"), join(folder, "a-1.jsonl")];
 * for (const [index, path] of shards.entries()) {
 *   const file = await openVectorFile(path, { form: jsonlForm, columns, job: { shard: index }, listPieces: true });
 *   await file.write({ start: index, embeddings: Float32Array.of(index) }, null);
 *   await file.finish({});
 * }
 * await mergeVectorFiles(join(folder, "a.jsonl"), shards, { form: jsonlForm });
 * await readFile(join(folder, "a.jsonl"), "utf8"); // => '{"embedding":[0]}\n{"embedding":[1]}\n'
 * ```
 */
export async function mergeVectorFiles(
  path: string,
  shards: readonly string[],
  { form, sums = [], overwrite = false, signal, where = "mergeVectorFiles" }: MergeVectorFilesOptions,
): Promise<VectorManifest & { readonly already: boolean }> {
  const read = await readShards(shards, where);
  const columns = columnsOf(agreed(read, sums, where));
  const order = piecesInOrder(read, where);
  const pieces = order.map(({ piece }) => piece);
  const headBytes = form.head(columns, 0).length;
  const end = form.end(columns, placed(pieces, headBytes));
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
  const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, headBytes + end.length);
  const manifest = mergedManifest(read, sums, { rows, bytes });
  if (!overwrite && existsSync(path)) {
    const there = await finishedVectorFile(path);
    if (JSON.stringify(there) === JSON.stringify(manifest)) return { ...manifest, already: true };
    throw new ConfigError(
      `${where}: ${basename(path)} is there already, and is not what these shards are joined to. Choose another output, or replace it with --overwrite.`,
      { path },
    );
  }
  await using file = await openFileAtomic(path);
  await file.write(form.head(columns, rows));
  const handles: FileHandle[] = [];
  try {
    for (const shard of read) handles.push(await open(shard.path));
    const ats = read.map(() => headBytes);
    for (const { shard, piece } of order) {
      signal?.throwIfAborted();
      const [handle, at = 0] = [handles[shard], ats[shard]];
      if (handle === undefined) throw new Error("mergeVectorFiles: a piece of no shard");
      await file.write(await bytesAt(handle, at, piece.bytes, read[shard]?.path ?? ""));
      ats[shard] = at + piece.bytes;
    }
  } finally {
    await Promise.allSettled(handles.map((handle) => handle.close()));
  }
  await file.write(end);
  await file.finish();
  await writeManifest(path, manifest);
  return { ...manifest, already: false };
}

async function readShards(paths: readonly string[], where: string): Promise<Shard[]> {
  const all = paths.map(async (path) => ({ path, manifest: await finishedVectorFile(path) }));
  const found = await Promise.all(all);
  const missing = found.filter(({ manifest }) => manifest === undefined).map(({ path }) => basename(path));
  if (missing.length > 0 || found.length === 0)
    throw new ConfigError(
      `${where}: not all shards are done. Got ${found.length - missing.length} of ${found.length}, without ${missing.join(", ")}. Run those again.`,
      { missing },
    );
  return found.flatMap(({ path, manifest }) => {
    if (manifest?.pieces === undefined)
      throw new ConfigError(`${where}: ${path} is no shard. Expected what was written with --shard.`, { path });
    return [{ path, manifest, pieces: manifest.pieces }];
  });
}

/** What may differ between the manifests of shards of one job. */
const ownFacts = ["rows", "bytes", "pieces", "shard"];

function agreed(shards: readonly Shard[], sums: readonly string[], where: string): VectorManifest {
  const [first, ...others] = shards;
  if (first === undefined) throw new ConfigError(`${where}: there are no shards.`);
  const shared = ({ manifest }: Shard) =>
    Object.fromEntries(Object.entries(manifest).filter(([name]) => ![...ownFacts, ...sums].includes(name)));
  for (const other of others) {
    const changes = jobChanges(shared(first), shared(other));
    if (changes.length === 0) continue;
    throw new ConfigError(
      `${where}: the shards are not of one job. Of ${basename(other.path)}, beside ${basename(first.path)}: ${changes.join("; ")}. Run it again as the others.`,
      { path: other.path },
    );
  }
  return first.manifest;
}

function columnsOf({ dimension, precision, ids, texts }: VectorManifest): VectorColumns {
  const known = precisions.find((name): name is Precision => name === precision);
  return { dimension, precision: known ?? "float32", ids, texts };
}

/** All pieces in the order of their rows: each shard has every n-th. */
function piecesInOrder(shards: readonly Shard[], where: string) {
  const count = shards.reduce((sum, { pieces }) => sum + pieces.length, 0);
  return Array.from({ length: count }, (_, number) => {
    const shard = number % shards.length;
    const piece = shards[shard]?.pieces[Math.floor(number / shards.length)];
    if (piece === undefined)
      throw new ConfigError(
        `${where}: the shards do not fit together. Got ${shards.map(({ pieces }) => pieces.length).join(", ")} pieces, expected as many each, or one less in the last ones.`,
      );
    return { shard, piece };
  });
}

function mergedManifest(
  shards: readonly Shard[],
  sums: readonly string[],
  { rows, bytes }: { readonly rows: number; readonly bytes: number },
): VectorManifest {
  const { pieces: _, ...first } = shards[0]?.manifest ?? {
    form: "",
    dimension: 0,
    precision: "",
    ids: false,
    texts: false,
  };
  const total = (name: string) => shards.reduce((sum, { manifest }) => sum + Number(manifest[name]), 0);
  const summed = Object.fromEntries(sums.filter((name) => name in first).map((name) => [name, total(name)]));
  return { ...first, rows, bytes, ...("shard" in first && { shard: null }), ...summed };
}

async function bytesAt(file: FileHandle, at: number, length: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  const { bytesRead } = await file.read(bytes, 0, length, at);
  if (bytesRead === length) return bytes;
  throw new FormatError({ file: path, offset: at }, "the file has become shorter. Write this shard again.");
}
