import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { DataError } from "@kindred/errors";
import { openFileAtomic } from "@kindred/files/node";
import type { DataConfigEntry } from "../../parse-data-config.ts";
import type { PieceOfRows, RedditLeftOut } from "./gather-part.ts";
import { isTrainingThread, placeOf } from "./thread-hash.ts";

const packed = promisify(gzip);

/** Characters of rows that are packed at once: one member of a gzip file. */
const memberLength = 1 << 22;

/** How rows become files. */
type ShardOptions = {
  readonly trainShards: number;
  readonly testShards: number;
  readonly trainSplit: number;
  readonly signal: AbortSignal | undefined;
};

/** A piece of a shard: rows, packed, at a place of a part's file. */
type Member = {
  readonly shard: string;
  readonly offset: number;
  readonly length: number;
  readonly rows: number;
};

/** The rows of a part, as they lie in its file, and what gave none. */
export type WrittenPart = {
  readonly members: readonly Member[];
  readonly leftOut: RedditLeftOut;
  readonly giantThreads: readonly string[];
};

/** The rows of one side of the split, and the files in which they are. */
export type ShardCounts = { readonly rows: number; readonly files: readonly string[] };

/** Writes the rows of a part into one file, packed by the shard that they go to. */
export async function writePart(
  path: string,
  pieces: AsyncIterable<PieceOfRows>,
  { trainShards, testShards, trainSplit, signal }: ShardOptions,
): Promise<readonly Member[]> {
  const members: Member[] = [];
  await using file = await openFileAtomic(path);
  let offset = 0;
  const write = async (shard: string, rows: readonly string[]) => {
    const bytes = await packed(rows.join(""));
    await file.write(bytes);
    members.push({ shard, offset, length: bytes.length, rows: rows.length });
    offset += bytes.length;
  };
  for await (const piece of pieces) {
    const shards = new Map<string, number[]>();
    for (const [i, { threadId, id }] of piece.entries()) {
      const isTraining = isTrainingThread(threadId, trainSplit);
      const count = isTraining ? trainShards : testShards;
      const shard = shardName(isTraining ? "train" : "test", placeOf("shard", `${threadId}/${id}`) % count, count);
      const rows = shards.get(shard);
      if (rows === undefined) shards.set(shard, [i]);
      else rows.push(i);
    }
    for (const [shard, indices] of [...shards].sort(([a], [b]) => (a < b ? -1 : 1))) {
      signal?.throwIfAborted();
      let [rows, length]: [string[], number] = [[], 0];
      for (const index of indices) {
        const row = piece[index]?.row();
        if (row === undefined) continue; // there are as many as were counted
        const line = `${JSON.stringify(row)}\n`;
        rows.push(line);
        length += line.length;
        if (length < memberLength) continue;
        await write(shard, rows);
        [rows, length] = [[], 0];
      }
      if (rows.length > 0) await write(shard, rows);
    }
  }
  await file.finish();
  return members;
}

/** As the original names its files, after the prefix by which the original trainer knew those of Reddit. */
function shardName(side: "train" | "test", shard: number, count: number): string {
  const digits = (number: number) => String(number).padStart(5, "0");
  return `reddit_${side}-${digits(shard)}-of-${digits(count)}.jsonl.gz`;
}

type AllParts = ShardOptions & { readonly work: string; readonly written: readonly WrittenPart[] };

/** Joins what the parts have of each shard into its file; of those that hold rows for training also the entries of a data_config.json. */
export async function writeShards(
  output: string,
  { work, written, trainShards, testShards, signal }: AllParts,
): Promise<{ readonly train: ShardCounts; readonly test: ShardCounts; readonly entries: readonly DataConfigEntry[] }> {
  const entries: DataConfigEntry[] = [];
  const write = async (side: "train" | "test", count: number): Promise<ShardCounts> => {
    const files: string[] = [];
    let total = 0;
    for (let shard = 0; shard < count; shard++) {
      signal?.throwIfAborted();
      const name = shardName(side, shard, count);
      const own = written.map(({ members }) => members.filter((member) => member.shard === name));
      const rows = own.flat().reduce((sum, member) => sum + member.rows, 0);
      if (rows === 0) continue; // a file without rows is none
      if (!(await stat(join(output, name)).then(Boolean, () => false)))
        await joinMembers(join(output, name), own, work);
      files.push(name);
      total += rows;
      if (side === "train") entries.push({ name, weight: rows, lines: rows });
    }
    return { rows: total, files };
  };
  return { train: await write("train", trainShards), test: await write("test", testShards), entries };
}

/** Writes the members of a shard, which lie in the files of the parts, end to end: gzip files joined are one. */
async function joinMembers(path: string, members: readonly (readonly Member[])[], work: string): Promise<void> {
  await using file = await openFileAtomic(path);
  for (const [part, own] of members.entries()) {
    if (own.length === 0) continue;
    const source = join(work, `rows-${part}.gz`);
    const rows = await open(source, "r");
    try {
      for (const { offset, length } of own) {
        const bytes = Buffer.alloc(length);
        const { bytesRead } = await rows.read(bytes, 0, length, offset);
        if (bytesRead < length)
          throw new DataError(
            { file: source },
            `prepareReddit: the rows that were made have become shorter. Got ${bytesRead} bytes at ${offset}, expected ${length}. Delete ${work} and begin anew.`,
            { offset, length, bytesRead },
          );
        await file.write(bytes);
      }
    } finally {
      await rows.close();
    }
  }
  await file.finish();
}
