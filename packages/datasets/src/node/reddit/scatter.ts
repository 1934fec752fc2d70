import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { atPath } from "@kindred/files/node";
import { lines } from "../../lines.ts";
import type { RedditComment } from "../../reddit/reddit-comment.ts";
import { placeOf } from "./thread-hash.ts";

/** A comment as a line of a part: a JSON array, shorter than an object. */
function lineOf({ threadId, id, parentId, body, isTrimmed, author, subreddit }: RedditComment): string {
  return `${JSON.stringify([threadId, id, parentId, body, isTrimmed ? 1 : 0, author, subreddit])}\n`;
}

/** The comments of a part. */
export async function* commentsOf(part: string): AsyncGenerator<RedditComment, void> {
  for await (const { text } of lines(createReadStream(part), { file: part, maxLineBytes: Number.POSITIVE_INFINITY })) {
    const [threadId, id, parentId, body, trimmed, author, subreddit] = JSON.parse(text) as [
      ...[string, string, string, string, 0 | 1, string, string],
    ]; // as lineOf wrote it
    yield { threadId, id, parentId, body, isTrimmed: trimmed === 1, author, subreddit };
  }
}

/** Bytes of a part that wait in memory before they are written. */
const waitingBytes = 1 << 16;

/** The name of a part. */
export function partName(part: number): string {
  return `part-${String(part).padStart(4, "0")}.jsonl`;
}

/** Where comments are scattered to. */
export type ScatterTo = {
  readonly folder: string;
  readonly parts: number;
  /** Says how threads are told apart: another level puts threads together that differ. */
  readonly level: number;
};

/** How many bytes, and whether of more than one thread, went into each part; parts without any are not there. */
export type ScatteredParts = readonly {
  readonly part: number;
  readonly bytes: number;
  readonly isOneThread: boolean;
}[];

/** Writes comments into parts by their threads: all of a thread into one, in the order in which they come. */
export async function scatter(
  comments: AsyncIterable<RedditComment>,
  { folder, parts, level }: ScatterTo,
): Promise<ScatteredParts> {
  const open = new Map<number, OpenPart>();
  try {
    for await (const comment of comments) {
      const part = placeOf(`part of level ${level}`, comment.threadId) % parts;
      let own = open.get(part);
      if (own === undefined) {
        own = new OpenPart(join(folder, partName(part)), comment.threadId);
        open.set(part, own);
      }
      if (own.threadId !== comment.threadId) own.isOneThread = false;
      const writing = own.add(lineOf(comment));
      if (writing !== undefined) await writing;
    }
    for (const part of open.values()) await part.finish();
  } finally {
    for (const part of open.values()) part.abandon();
  }
  return [...open]
    .map(([part, { bytes, isOneThread }]) => ({ part, bytes, isOneThread }))
    .sort((a, b) => a.part - b.part);
}

/** A part that is being written. */
class OpenPart {
  bytes = 0;
  isOneThread = true;
  readonly threadId: string;
  readonly #stream: WriteStream;
  #lines: string[] = [];
  #waiting = 0;
  #failure: unknown;

  constructor(path: string, threadId: string) {
    this.threadId = threadId;
    this.#stream = createWriteStream(path);
    this.#stream.on("error", (error) => {
      this.#failure ??= atPath(error, path);
    });
  }

  /** Takes a line; a promise if the disk is slower than the lines come. */
  add(line: string): Promise<unknown> | undefined {
    this.#lines.push(line);
    this.#waiting += line.length;
    return this.#waiting < waitingBytes ? undefined : this.#write();
  }

  async finish(): Promise<void> {
    await this.#write();
    this.#stream.end();
    if (this.#failure === undefined) await once(this.#stream, "close");
    if (this.#failure !== undefined) throw this.#failure;
  }

  abandon(): void {
    this.#stream.destroy();
  }

  async #write(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const bytes = Buffer.from(this.#lines.join(""));
    [this.#lines, this.#waiting] = [[], 0];
    this.bytes += bytes.length;
    if (!this.#stream.write(bytes)) await once(this.#stream, "drain");
  }
}
