import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileAtomic } from "@kindred/files/node";
import { isCommit } from "./list-model.ts";

/** The places of one model in the cache. */
export type ModelCache = {
  readonly folder: string;
  readonly blobs: string;
  readonly snapshot: (commit: string) => string;
  readonly ref: (revision: string) => string;
  /** The marker that a commit has no such file. */
  readonly absence: (commit: string, path: string) => string;
  /** The listing of a commit, as huggingface_hub 2 keeps it. */
  readonly tree: (commit: string) => string;
};

/**
 * The places of a model in the Hub's cache, which all of its tools share.
 *
 * ```text
 * models--owner--name/
 *   blobs/<digest>                    the bytes of a file, by the SHA-256 or git SHA-1 that the Hub lists
 *   snapshots/<commit>/<path>         a link to its blob
 *   refs/<revision>                   the commit that a branch or tag was when it was last asked for
 *   .no_exist/<commit>/<path>         an empty file: the commit has no such file
 *   trees/<commit>.json               all files of the commit; only Python writes it
 * ```
 *
 * @param id checked by parseModelId; revisions, commits and paths are their callers' to check
 * @see https://huggingface.co/docs/hub/local-cache
 */
export function modelCache(cacheDir: string, id: string): ModelCache {
  const folder = join(cacheDir, `models--${id.replace("/", "--")}`);
  return {
    folder,
    blobs: join(folder, "blobs"),
    snapshot: (commit) => join(folder, "snapshots", commit),
    ref: (revision) => join(folder, "refs", revision),
    absence: (commit, path) => join(folder, ".no_exist", commit, path),
    tree: (commit) => join(folder, "trees", `${commit}.json`),
  };
}

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
  await writeFileAtomic(path, commit);
}
