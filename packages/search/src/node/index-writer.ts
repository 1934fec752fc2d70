import { existsSync, readdirSync } from "node:fs";
import { appendFile, copyFile, link, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { atPath, folderLock, lockFolder, makeFolders, writeFileAtomic, writeFolderAtomic } from "@kindred/files/node";
import type { IndexManifest, IndexPiece } from "./index-manifest.ts";
import { type IndexRows, PieceWriter } from "./piece-writer.ts";
import { checkWriteOptions, type WriteIndexOptions } from "./write-index.ts";

/** Options of {@link openIndexWriter}. */
export type IndexWriterOptions = WriteIndexOptions & {
  /** What is being made, as JSON: a writer of the same job goes on behind what an earlier one has left, any other is refused. */
  readonly job: { readonly [fact: string]: unknown };
  /** Whether what an earlier writer of another job has left is thrown away. Default false. */
  readonly anew?: boolean;
};

/** An index in the making. One call at a time: wait for each promise. */
export type IndexWriter = {
  /** Rows that an earlier writer of the same job has left, and the mark of the last batch of them; undefined if there are none. */
  readonly found: { readonly rows: number; readonly mark: unknown };
  /** Rows that are on disk: the next writer of this job goes on behind them. */
  readonly rows: number;
  /** Adds rows; `mark`, as JSON, is what the next writer needs to go on behind them, and not null. */
  write(batch: IndexRows, mark: unknown): Promise<void>;
  /** Completes the index and puts it in its place. */
  finish(): Promise<IndexManifest>;
  /** Lets other processes go on with it, unless it was finished. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** A line of the journal: a piece that is on disk, and the mark of the batch that ends with it; null where none does. */
type Line = { readonly piece: IndexPiece; readonly mark: unknown };

const journalName = "journal.jsonl";

/**
 * As {@link writeIndex}, for rows that take long to make: what was written before a process was killed is kept in `<folder>.part`, and the next writer of
 * the same job goes on behind it. The folder itself appears when `finish` has resolved, complete, and not before.
 *
 * A piece goes to disk when it is full, so a kill costs at most one (`pieceBytes`).
 *
 * @throws ConfigError for options that do not fit each other, a folder that is there, what another job has left, and while another process writes
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { openIndexWriter } from "@kindred/search/node";
 *
 * const folder = join(await mkdtemp(join(tmpdir(), "example-")), "index");
 * await using writer = await openIndexWriter(folder, { job: { model: "my-model", input: "texts.txt" } });
 * writer.found; // => { rows: 0, mark: undefined }
 * await writer.write({ embeddings: Float32Array.of(1, 0, 0, 1), dimension: 2 }, { lines: 2 });
 * (await writer.finish()).rows; // => 2
 * ```
 */
export async function openIndexWriter(
  folder: string,
  { job, anew = false, replace = false, ...options }: IndexWriterOptions,
): Promise<IndexWriter> {
  const checked = checkWriteOptions(options);
  if (!replace && existsSync(folder) && readdirSync(folder).length > 0)
    throw new ConfigError(
      `openIndexWriter: there is something already. Got ${folder}, expected a new folder. Choose another name.`,
    );
  const part = `${folder}.part`;
  makeFolders(part);
  const release = lockFolder(
    part,
    ({ pid }) =>
      new ConfigError(
        `openIndexWriter: process ${pid ?? "of another machine"} writes ${folder}. Wait for it, or stop it.`,
      ),
  );
  try {
    const lines = await begin(
      part,
      folder,
      { ...job, precision: checked.precision, similarity: checked.similarity },
      anew,
    );
    let mark: unknown = lines.at(-1)?.mark;
    let rows = lines.reduce((sum, { piece }) => sum + piece.rows, 0);
    const found = { rows, mark };
    const writer = new PieceWriter(part, {
      ...checked,
      pieces: lines.map(({ piece }) => piece),
      onPiece: async (piece, endsBatch) => {
        const line: Line = { piece, mark: endsBatch ? mark : null };
        const path = join(part, journalName);
        await appendFile(path, `${JSON.stringify(line)}\n`, { flush: true }).catch((error: unknown) => {
          throw atPath(error, path);
        });
        rows += piece.rows;
      },
    });
    return {
      found,
      get rows() {
        return rows;
      },
      async write(batch, next) {
        await writer.add(batch);
        mark = next;
      },
      async finish() {
        const manifest = await writer.finish();
        const names = (await readdir(part)).filter(
          (name) => ![journalName, folderLock].includes(name) && !name.startsWith("."),
        );
        await writeFolderAtomic(
          folder,
          async (temporary) => {
            for (const name of names) await linkOrCopy(join(part, name), join(temporary, name));
          },
          { replace },
        );
        await rm(part, { recursive: true });
        release();
        return manifest;
      },
      [Symbol.asyncDispose]: async () => release(),
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** What is kept of an earlier writer: its pieces up to the last that ends a batch. The journal is cut to them, or begun. */
async function begin(
  part: string,
  folder: string,
  job: { readonly [fact: string]: unknown },
  anew: boolean,
): Promise<Line[]> {
  const path = join(part, journalName);
  const text = await readFile(path, "utf8").catch(() => "");
  const [head, ...rest] = text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .slice(0, -1);
  const own = JSON.stringify({ job });
  let lines: Line[] = [];
  if (head === own) {
    lines = rest.map((line) => JSON.parse(line) as Line); // only this module writes there
    lines = lines.slice(0, 1 + lines.findLastIndex(({ mark }) => mark !== null));
  } else if (head !== undefined && !anew && rest.length > 0)
    throw new ConfigError(
      `openIndexWriter: ${part} was begun otherwise: ${differences(JSON.parse(head).job, job)}. Give what it was begun with, or remove it.`,
      { part, folder },
    );
  // A file that is behind the last line may be half: the next piece of that number takes its place.
  await writeFileAtomic(path, [own, ...lines.map((line) => JSON.stringify(line))].map((line) => `${line}\n`).join(""));
  return lines;
}

/** Facts that differ, as `precision "int8" → "binary"`. */
function differences(before: { readonly [fact: string]: unknown }, now: { readonly [fact: string]: unknown }): string {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => `${name} ${JSON.stringify(before[name])} → ${JSON.stringify(now[name])}`)
    .join(", ");
}

/** A second name of a file, or where the system has none a copy. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}
