import { createHash } from "node:crypto";
import type { ModelFile } from "../model-file.ts";

/** A digest that grows with the bytes of a file, taken in order. */
export type BlobDigest = { readonly update: (bytes: Uint8Array) => void; readonly hex: () => string };

/** The digest by which the Hub knows a file: SHA-256 of its bytes, or git's SHA-1, which begins with the size. */
export function blobDigest({ bytes, digest }: Pick<ModelFile, "bytes" | "digest">): BlobDigest {
  const hash = createHash(digest.algorithm === "sha256" ? "sha256" : "sha1");
  if (digest.algorithm === "git-sha1") hash.update(`blob ${bytes}\0`);
  return { update: (part) => void hash.update(part), hex: () => hash.digest("hex") };
}
