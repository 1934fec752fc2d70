import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { isCommit } from "./list-model.ts";

/** The commit that a ref names; undefined if there is none. */
export async function readRef(path: string): Promise<string | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  const commit = text?.trim();
  return isCommit(commit) ? commit : undefined;
}

/** Lets a ref name a commit, at once for every reader. A ref that does already is not written, so the cache may be read-only. */
export async function writeRef(path: string, commit: string): Promise<void> {
  if ((await readRef(path)) === commit) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await writeFile(temporary, commit);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
