import { open, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { atPath } from "@kindred/files/node";
import type { Json } from "../vector-form.ts";
import type { VectorFacts } from "./vector-manifest.ts";

/** A piece that is on disk: its rows and bytes, what the file's end needs of it, and what its maker wrote down to go on behind it. */
export type WrittenPiece = {
  readonly rows: number;
  readonly bytes: number;
  readonly note?: Json | undefined;
  readonly mark: Json;
};

/** What a work folder's journal tells: the job, whether it may replace a file, and the pieces that are there. */
export type JournalState = {
  readonly job: VectorFacts;
  readonly overwrite: boolean;
  readonly pieces: WrittenPiece[];
};

/** A journal that lines are added to. */
export type Journal = { add(lines: readonly WrittenPiece[]): Promise<void>; close(): Promise<void> };

const journalName = "journal.jsonl";

/** What the journal of a folder says, up to a line that was cut off when its writer was killed; undefined if it says nothing. */
export async function readJournal(folder: string): Promise<JournalState | undefined> {
  const path = join(folder, journalName);
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
  const [first, ...lines] = whole.toString("utf8").split("\n").slice(0, -1);
  if (first === undefined) return undefined;
  if (whole.length < bytes.length) await truncate(path, whole.length);
  // Nobody but this module writes there.
  const { job, overwrite } = JSON.parse(first) as Omit<JournalState, "pieces">;
  return { job, overwrite, pieces: lines.map((line) => JSON.parse(line) as WrittenPiece) };
}

/** Opens the journal of a folder: a new one, or at the end of the one that is there. */
export async function openJournal(folder: string, begin?: Omit<JournalState, "pieces">): Promise<Journal> {
  const path = join(folder, journalName);
  const file = await open(path, begin === undefined ? "a" : "w");
  const add = async (lines: readonly unknown[]) => {
    try {
      await file.appendFile(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      await file.datasync();
    } catch (error) {
      throw atPath(error, path);
    }
  };
  if (begin !== undefined) await add([begin]);
  return { add, close: () => file.close() };
}
