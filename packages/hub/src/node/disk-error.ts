import { statfs } from "node:fs/promises";
import { HubError } from "../hub-error.ts";

/** The error for a failed write: a HubError if the disk is full, else the system's own. */
export function diskError(cause: unknown, path: string): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT") return cause;
  const message = `resolveModel: the disk is full. Got ${code} at ${path}, expected room for the file. Make room and run again: the download goes on where it stopped; or put the cache elsewhere with HF_HUB_CACHE.`;
  return new HubError("disk-full", message, { path, code }, { cause });
}

/**
 * Refuses a download that its disk has no room for, before it begins.
 *
 * @throws HubError (disk-full)
 */
export async function expectRoom(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  const message = `resolveModel: the disk has no room for the model. Got ${freeBytes} bytes free at ${folder}, expected ${neededBytes}. Make room, or put the cache elsewhere with HF_HUB_CACHE.`;
  throw new HubError("disk-full", message, { folder, freeBytes, neededBytes });
}
