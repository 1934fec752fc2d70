import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";

/** A text file in the making: there, whole, once `finish` has resolved, and not before. */
export type AtomicTextFile = {
  /** Adds text; resolves when more may come. */
  write(text: string): Promise<void>;
  finish(): Promise<void>;
  /** Gives up: no file is left. */
  abandon(): Promise<void>;
};

/** Opens a text file that is written beside `path` and put in its place at the end. */
export function atomicTextFile(path: string): AtomicTextFile {
  const temporary = `${path}.${process.pid}.tmp`;
  const stream = createWriteStream(temporary);
  const ended = finished(stream);
  ended.catch(() => {}); // shown by write or finish
  return {
    async write(text) {
      if (stream.write(text)) return;
      await Promise.race([new Promise<void>((resolve) => stream.once("drain", resolve)), ended]);
    },
    async finish() {
      stream.end();
      await ended;
      await rename(temporary, path);
    },
    async abandon() {
      // Not before it has closed: opened only then, the file would be there again.
      const closed = stream.closed ? undefined : new Promise<void>((resolve) => stream.once("close", resolve));
      stream.destroy();
      await closed;
      await rm(temporary, { force: true });
    },
  };
}
