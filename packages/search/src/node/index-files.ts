import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import type { IndexFile } from "./index-manifest.ts";

/** Files of an index that are open at a time. */
const mostOpen = 64;

/** An index's files, opened when they are read, the longest unread closed where there are many. */
export class IndexFiles {
  readonly #folder: string;
  readonly #open = new Map<string, { readonly handle: Promise<FileHandle>; users: number }>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Fills `into` with the file's bytes from `position` on. */
  read(file: IndexFile, position: number, into: Uint8Array): Promise<void> {
    return this.#with(file, async (handle) => {
      for (let at = 0; at < into.length; ) {
        const { bytesRead } = await handle.read(into, at, into.length - at, position + at);
        if (bytesRead === 0)
          throw new FormatError(
            { file: join(this.#folder, file.name), offset: position + at },
            "the file ends too early. Was it changed since it was opened?",
          );
        at += bytesRead;
      }
    });
  }

  /** Makes sure that a file is there and as long as the manifest says, or, with `checksum`, that all its bytes are those that were written. */
  async check(file: IndexFile, { checksum }: { readonly checksum: boolean }): Promise<void> {
    const path = join(this.#folder, file.name);
    const { size } = await this.#with(file, (handle) => handle.stat()).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      throw new FormatError({ file: path }, "the file is missing, which index.json names. Write the index anew.");
    });
    if (size !== file.bytes)
      throw new FormatError(
        { file: path },
        `not as long as index.json says. Got ${size} bytes, expected ${file.bytes}. Is the copy complete?`,
      );
    if (!checksum) return;
    const hash = createHash("sha256");
    const bytes = new Uint8Array(Math.min(2 ** 22, size));
    for (let at = 0; at < size; at += bytes.length) {
      const part = bytes.subarray(0, Math.min(bytes.length, size - at));
      await this.read(file, at, part);
      hash.update(part);
    }
    const sha256 = hash.digest("hex");
    if (sha256 !== file.sha256)
      throw new FormatError(
        { file: path },
        `its bytes are not those that were written. Got SHA-256 ${sha256}, expected ${file.sha256}.`,
      );
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    for (const { handle } of all) await (await handle.catch(() => undefined))?.close();
  }

  async #with<Result>({ name }: IndexFile, act: (handle: FileHandle) => Promise<Result>): Promise<Result> {
    const entry = this.#open.get(name) ?? { handle: open(join(this.#folder, name), "r"), users: 0 };
    this.#open.delete(name); // and at the end again
    this.#open.set(name, entry);
    entry.users++;
    try {
      return await act(await entry.handle);
    } catch (error) {
      this.#open.delete(name);
      throw error;
    } finally {
      entry.users--;
      for (const [other, { handle, users }] of this.#open) {
        if (this.#open.size <= mostOpen) break;
        if (users > 0) continue;
        this.#open.delete(other);
        await (await handle).close();
      }
    }
  }
}
