import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * A hidden name beside a path, on the same volume, so that a rename is one step; random, so that two writers never
 * meet.
 */
export function temporarySibling(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
}

/**
 * Has the disk hold what a folder lists: a rename is safe from a power failure only then. Windows cannot open folders,
 * and needs none of it.
 */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  try {
    await folder?.sync().catch(() => undefined);
  } finally {
    await folder?.close();
  }
}
