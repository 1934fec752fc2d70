import { HubError } from "./hub-error.ts";

/**
 * A file of a model at one commit. The digest identifies its bytes: their SHA-256 for large files (git-lfs and Xet), and for
 * others git's own name for them, the SHA-1 of `blob <size>\0` and the bytes. It is also the file's name in the cache.
 */
export type ModelFile = {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly digest: { readonly algorithm: "sha256" | "git-sha1"; readonly hex: string };
};

/** The largest file that the Hub gives without its own transfer protocol. */
const largestBytes = 50e9;

/**
 * The file that an entry of the Hub's listing describes; undefined for folders.
 *
 * The entry is a stranger's: names that leave the folder on any system, sizes that no file has and digests that are none are
 * refused.
 *
 * @param entry one element of the answer of `/api/models/{id}/tree/{commit}`
 * @throws HubError (listing)
 *
 * @example
 * ```ts
 * import { modelFile } from "@kindred/hub";
 *
 * modelFile({ type: "file", path: "config.json", size: 571, oid: "0".repeat(40) })?.bytes; // => 571
 * modelFile({ type: "directory", path: "1_Pooling" }); // => undefined
 * ```
 */
export function modelFile(entry: unknown): ModelFile | undefined {
  const { type, path, size, oid, lfs } = record(entry);
  if (typeof path !== "string" || !isInside(path)) throw refused(path, "a path inside the repository");
  if (type === "directory") return undefined;
  if (type !== "file") throw refused(path, "a file or a directory");
  const large = lfs === undefined || lfs === null ? undefined : record(lfs);
  const bytes = large === undefined ? size : large["size"];
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0 || (bytes as number) > largestBytes) {
    throw refused(path, `a size of at most ${largestBytes} bytes, not ${String(bytes)}`);
  }
  const hex = large === undefined ? oid : large["oid"];
  if (typeof hex !== "string" || !(large === undefined ? /^[0-9a-f]{40}$/ : /^[0-9a-f]{64}$/).test(hex)) {
    throw refused(path, "a digest");
  }
  return { path, bytes: bytes as number, digest: { algorithm: large === undefined ? "git-sha1" : "sha256", hex } };
}

/** Whether a name stays below the folder that it is joined to, on POSIX systems and on Windows. */
function isInside(path: string): boolean {
  return (
    path.length <= 1024 &&
    !/[\\\p{Cc}]/u.test(path) &&
    path.split("/").every((name) => !["", ".", ".."].includes(name) && !/^[a-z]:/i.test(name))
  );
}

function record(value: unknown): { readonly [key: string]: unknown } {
  if (typeof value === "object" && value !== null) return value as { [key: string]: unknown };
  throw refused(value, "an object");
}

function refused(path: unknown, expected: string): HubError {
  const got = JSON.stringify(path)?.slice(0, 200);
  return new HubError(
    "listing",
    `resolveModel: the listing of the model breaks the rules. Got ${got}, expected ${expected}.`,
    { path },
  );
}
