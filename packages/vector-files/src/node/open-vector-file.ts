import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm, rmdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ConfigError } from "@kindred/errors";
import { atPath, type LockHolder, lockFolder, makeFolders, settledLock } from "@kindred/files/node";
import type { Json, PlacedPiece, VectorColumns, VectorForm, VectorRows } from "../vector-form.ts";
import { type JournalState, openJournal, readJournal, type WrittenPiece } from "./journal.ts";
import {
  jobChanges,
  manifestPath,
  rowsName,
  type VectorFacts,
  type VectorManifest,
  workFolder,
  writeManifest,
} from "./vector-manifest.ts";

/** Options of {@link openVectorFile}. */
export type OpenVectorFileOptions = {
  readonly form: VectorForm;
  readonly columns: VectorColumns;
  /** All that decides which vectors are written, by the names that a message calls it: what was begun by another job is not gone on with. */
  readonly job: VectorFacts;
  /** Whether a file that is there is replaced, and one that was begun otherwise is begun anew. Default: both are refused. */
  readonly overwrite?: boolean;
  /** Whether the manifest lists the pieces: of a shard, which is to be merged. Default: false. */
  readonly listPieces?: boolean;
  /** What errors call the file: a command's flag, say. Default: `openVectorFile`. */
  readonly where?: string;
  /** Stops waiting for a process of another machine that may be gone. */
  readonly signal?: AbortSignal | undefined;
  /** Told, in a sentence, of such a process. Default: nobody is. */
  readonly onWait?: (message: string) => void;
};

/** A file of vectors in the making. One call at a time: wait for each promise. */
export type VectorFile = {
  /** What an earlier process has written: pieces, rows, and the mark of the last piece. */
  readonly found: { readonly pieces: number; readonly rows: number; readonly mark: Json | undefined };
  /** The marks of all pieces so far, and their rows. */
  readonly marks: readonly Json[];
  readonly rows: number;
  /** Adds a piece; `mark` is what its writer needs to go on behind it. It is safe from a kill within a second, and after `close`. */
  readonly write: (rows: VectorRows, mark: Json) => Promise<void>;
  /** Puts the file in its place, and its manifest, with these facts, beside it. */
  readonly finish: (facts: VectorFacts) => Promise<VectorManifest>;
  /** Leaves what there is, to be gone on with; nothing if there is none. After `finish` it does nothing. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** The longest time between a piece and its line in the journal, where pieces are small: forcing to disk takes some milliseconds. */
const flushMs = 1000;

/**
 * Opens a file of vectors that is written piece by piece, and goes on where a process that was stopped or killed has left it.
 *
 * Rows go into a folder beside the file, `<file>.part`, with a journal of the pieces that are there. A piece counts once its bytes are on disk and its
 * line is in the journal; what lies behind the last such piece is cut off. `finish` renames the rows to the file and writes
 * `<file>.json`, the manifest, last: it marks the file as done ({@link finishedVectorFile}). One process at a time works on a file; where one of
 * another machine may have been killed, it is waited for, five minutes at most.
 *
 * @throws ConfigError for a file that is there already, one that was begun by another job, and one that another process works on
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { readNpy } from "@kindred/tensor-files";
 * import { npyForm } from "@kindred/vector-files";
 * import { openVectorFile } from "@kindred/vector-files/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "vectors.npy");
 * const columns = { dimension: 2, precision: "float32", ids: false, texts: false } as const;
 * const options = { form: npyForm, columns, job: { model: "a" } };
 * {
 *   await using file = await openVectorFile(path, options);
 *   await file.write({ start: 0, embeddings: Float32Array.of(1, 2) }, null);
 * } // stopped here
 * const file = await openVectorFile(path, options);
 * file.found.rows; // => 1
 * await file.write({ start: 1, embeddings: Float32Array.of(3, 4) }, null);
 * await file.finish({});
 * readNpy(await readFile(path)).shape; // => [2, 2]
 * ```
 */
export async function openVectorFile(path: string, options: OpenVectorFileOptions): Promise<VectorFile> {
  const { job, overwrite = false, where = "openVectorFile", signal, onWait = () => {} } = options;
  const folder = workFolder(path);
  makeFolders(folder);
  await settledLock(folder, {
    signal,
    onWait: (holder) =>
      onWait(`${path} was being written by ${nameOf(holder)}. Waiting for a sign of life, 5 minutes at most.`),
  });
  const release = lockFolder(folder, (holder) => inUse(where, path, holder));
  const leave = async () => {
    release();
    await rmdir(folder).catch(() => {}); // holds something, or another process's lock
  };
  try {
    let state = await readJournal(folder);
    const changes = state === undefined ? [] : jobChanges(state.job, job);
    if (changes.length > 0) {
      if (!overwrite) throw begunOtherwise(where, path, changes);
      state = undefined;
    }
    if (existsSync(path) && !(overwrite || state?.overwrite === true)) {
      if (state === undefined || existsSync(join(folder, rowsName))) throw isThere(where, path);
    }
    return await openRows(path, state, { ...options, overwrite, leave });
  } catch (error) {
    await leave();
    throw error;
  }
}

type RowsOptions = OpenVectorFileOptions & { readonly overwrite: boolean; readonly leave: () => Promise<void> };

async function openRows(
  path: string,
  state: JournalState | undefined,
  { form, columns, job, overwrite, listPieces = false, leave }: RowsOptions,
): Promise<VectorFile> {
  const folder = workFolder(path);
  const grown = join(folder, rowsName);
  // Killed between putting the file in its place and writing its manifest: it is taken back, and finished once more.
  if (state !== undefined && !existsSync(grown) && existsSync(path)) await rename(path, grown);
  const isNew = state === undefined || !existsSync(grown);
  const pieces: WrittenPiece[] = isNew ? [] : [...state.pieces];
  const found = { pieces: pieces.length, rows: sumOf(pieces, "rows"), mark: pieces.at(-1)?.mark };
  const head = form.head(columns, 0);
  const rows = await open(grown, isNew ? "w" : "r+");
  let length = head.length + sumOf(pieces, "bytes");
  let isOpen = true;
  const journal = await openJournal(folder, isNew ? { job, overwrite } : undefined);
  let waiting: WrittenPiece[] = [];
  let flushedAt = performance.now();
  const onDisk = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw atPath(error, path);
    }
  };
  const flush = async () => {
    const lines = waiting;
    waiting = [];
    flushedAt = performance.now();
    if (lines.length === 0) return;
    await onDisk(rows.datasync());
    await journal.add(lines);
  };
  const closeFiles = async () => {
    isOpen = false;
    await Promise.allSettled([rows.close(), journal.close()]);
  };
  if (isNew) await onDisk(writeAll(rows, head, 0));
  else await onDisk(rows.truncate(length));
  return {
    found,
    get marks() {
      return pieces.map(({ mark }) => mark);
    },
    get rows() {
      return sumOf(pieces, "rows");
    },
    async write(some, mark) {
      const { bytes, note } = form.piece(columns, some);
      await onDisk(writeAll(rows, bytes, length));
      length += bytes.length;
      const piece = { rows: some.embeddings.length / columns.dimension, bytes: bytes.length, note, mark };
      pieces.push(piece);
      waiting.push(piece);
      if (performance.now() - flushedAt > flushMs) await flush();
    },
    async finish(facts) {
      await flush();
      const end = form.end(columns, placed(pieces, head.length));
      const count = sumOf(pieces, "rows");
      await onDisk(writeAll(rows, end, length));
      await onDisk(writeAll(rows, form.head(columns, count), 0));
      await onDisk(rows.sync());
      await closeFiles();
      await rm(manifestPath(path), { force: true });
      await rename(grown, path);
      const list = pieces.map(({ mark: _, ...piece }) => piece);
      const manifest = manifestOf(form, columns, {
        ...{ rows: count, bytes: length + end.length, job, facts },
        ...(listPieces && { pieces: list }),
      });
      await writeManifest(path, manifest);
      await rm(join(folder, "journal.jsonl"), { force: true });
      await leave();
      return manifest;
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      await flush().catch(() => {}); // the disk is full, say: what is not in the journal is written again
      await closeFiles();
      if (pieces.length === 0)
        for (const name of [rowsName, "journal.jsonl"]) await rm(join(folder, name), { force: true });
      await leave();
    },
  };
}

function sumOf(pieces: readonly WrittenPiece[], what: "rows" | "bytes"): number {
  return pieces.reduce((sum, piece) => sum + piece[what], 0);
}

/** Pieces with the bytes at which they begin. */
export function placed(
  pieces: readonly { readonly rows: number; readonly bytes: number; readonly note?: Json | undefined }[],
  headBytes: number,
): PlacedPiece[] {
  let at = headBytes;
  return pieces.map(({ rows, bytes, note }) => {
    const piece = { rows, at, note };
    at += bytes;
    return piece;
  });
}

type Contents = Pick<VectorManifest, "rows" | "bytes" | "pieces"> & {
  readonly job: VectorFacts;
  readonly facts: VectorFacts;
};

/** The manifest of a file of such a form. */
function manifestOf(
  form: VectorForm,
  columns: VectorColumns,
  { rows, bytes, job, facts, pieces }: Contents,
): VectorManifest {
  return { form: form.name, rows, bytes, ...columns, ...job, ...facts, ...(pieces !== undefined && { pieces }) };
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}

function inUse(where: string, path: string, holder: Partial<LockHolder>): ConfigError {
  const message = `${where}: ${path} is being written: by ${nameOf(holder)}. Wait for its end, or stop it.`;
  return new ConfigError(message, { path, pid: holder.pid });
}

function nameOf({ pid, host, since }: Partial<LockHolder>): string {
  return pid === undefined ? "another process" : `process ${pid} on ${host}, since ${since}`;
}

function begunOtherwise(where: string, path: string, changes: readonly string[]): ConfigError {
  const rule = "Say the same again to go on with it, choose another output, or begin anew with --overwrite";
  return new ConfigError(`${where}: ${path} was begun otherwise: ${changes.join("; ")}. ${rule}.`, { path });
}

function isThere(where: string, path: string): ConfigError {
  const name = basename(resolve(path));
  return new ConfigError(
    `${where}: ${name} is there already. Got ${path}. Choose another output, or replace it with --overwrite.`,
    { path },
  );
}
