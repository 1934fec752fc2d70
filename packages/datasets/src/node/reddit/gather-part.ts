import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { RedditComment } from "../../reddit/reddit-comment.ts";
import {
  type NoRow,
  type RedditRow,
  type ThreadOptions,
  type ThreadResponse,
  threadRows,
} from "../../reddit/thread-rows.ts";
import { commentsOf, partName, scatter } from "./scatter.ts";
import { placeOf } from "./thread-hash.ts";

/** Rows, in the order in which they are to be written, of one piece of a part. */
export type PieceOfRows = readonly { readonly threadId: string; readonly id: string; row(): RedditRow }[];

/** Numbers of lines that gave no row, by reason; a reason that there is not is not named. */
export type RedditLeftOut = { readonly [reason in NoRow | "notJson" | "incomplete" | "giantThread"]?: number };

/** What a part is gathered by. */
export type GatherOptions = ThreadOptions & {
  /** Bytes of comments that are in memory at once; a part of more is cut by other hashes of its threads. */
  readonly mostBytes: number;
  /** A folder for what is cut; it is gone afterwards. */
  readonly scratch: string;
  /** Told each comment that gives no row, why, and how many. */
  leaveOut(reason: NoRow | "giantThread", count: number, threadId?: string): void;
};

/** A part is cut so often at most: threads that still lie together then are as if they were one. */
const deepest = 8;

/**
 * The rows of a part, which lies in several files, piece by piece: each of as many whole threads as memory holds, its rows shuffled by a hash.
 * A thread that is too large for memory by itself is left out.
 */
export async function* gatherPart(
  files: readonly string[],
  options: GatherOptions,
  level = 1,
): AsyncGenerator<PieceOfRows, void> {
  const { mostBytes, scratch } = options;
  let bytes = 0;
  for (const file of files) bytes += (await stat(file)).size;
  if (bytes <= mostBytes) {
    yield await piece(files, options);
    return;
  }
  const folder = join(scratch, `level-${level}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  // Twice as many as would do if all were alike.
  const parts = Math.min(256, Math.max(2, Math.ceil((2 * bytes) / mostBytes)));
  const cut = await scatter(chained(files), { folder, parts, level });
  for (const { part, bytes, isOneThread } of cut) {
    const file = join(folder, partName(part));
    if (bytes > mostBytes && (isOneThread || level === deepest)) await leaveOutThreads(file, options);
    else yield* gatherPart([file], { ...options, scratch: folder }, level + 1);
    await rm(file);
  }
  await rm(folder, { recursive: true });
}

async function* chained(files: readonly string[]): AsyncGenerator<RedditComment, void> {
  for (const file of files) yield* commentsOf(file);
}

async function leaveOutThreads(file: string, { leaveOut }: GatherOptions): Promise<void> {
  for await (const { threadId } of commentsOf(file)) leaveOut("giantThread", 1, threadId);
}

async function piece(files: readonly string[], { leaveOut, ...options }: GatherOptions): Promise<PieceOfRows> {
  const threads = new Map<string, RedditComment[]>();
  for await (const comment of chained(files)) {
    const thread = threads.get(comment.threadId);
    if (thread === undefined) threads.set(comment.threadId, [comment]);
    else thread.push(comment);
  }
  const rows: (ThreadResponse & { readonly threadId: string; readonly place: number })[] = [];
  for (const [threadId, comments] of threads)
    for (const response of threadRows(comments, options, (reason) => leaveOut(reason, 1)))
      rows.push({ ...response, threadId, place: placeOf("order", `${threadId}/${response.id}`) });
  // Of equal places the order of the threads decides, which is that of the files.
  return rows.sort((a, b) => a.place - b.place);
}
