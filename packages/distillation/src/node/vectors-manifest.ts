import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import type { TextFile } from "./text-file.ts";

/** Whose vectors they are, of what, and how they are kept: the `manifest.json` of a folder of vectors. */
export type VectorsManifest = {
  readonly format: "kindred teacher vectors 1";
  readonly teacher: { readonly name: string; readonly fingerprint: string; readonly maxSeqLength: number };
  readonly texts: { readonly count: number; readonly sha256: string };
  readonly dimension: number;
  readonly dtype: "F16" | "F32";
  readonly rowsPerShard: number;
};

/** Whose vectors of which texts. */
export type VectorsRequest = {
  /** The folder of folders of vectors. */
  readonly vectors: string;
  readonly texts: TextFile;
  readonly teacher: VectorsManifest["teacher"];
};

/**
 * The folder in which the vectors of a teacher and a file of texts lie: its name follows from both, so that whoever asks for the same finds
 * them, and nobody finds others.
 *
 * @example
 * ```ts
 * import { vectorsFolder } from "@kindred/distillation/node";
 *
 * const teacher = { name: "large", fingerprint: "ab12", maxSeqLength: 128 };
 * const texts = { path: "texts.jsonl", count: 2, characters: 9, sha256: "cd34" };
 * vectorsFolder({ vectors: "vectors", texts, teacher }); // => "vectors/023f7381f23a9010"
 * ```
 */
export function vectorsFolder({ vectors, texts, teacher: { fingerprint, maxSeqLength } }: VectorsRequest): string {
  const key = createHash("sha256")
    .update(JSON.stringify([fingerprint, maxSeqLength, texts.sha256]))
    .digest("hex");
  return join(vectors, key.slice(0, 16));
}

/** The name of the file of a manifest. */
export const manifestName = "manifest.json";

/** The name of the file of a shard. */
export function shardName(shard: number): string {
  return `shard-${String(shard).padStart(5, "0")}.safetensors`;
}

/** What texts are refused with that are not those of the vectors. */
export function changedTexts(path: string): FormatError {
  return new FormatError({ file: path }, "has other texts than when it was written. Begin the distillation anew.");
}

/** The manifest in a folder of vectors. Throws FormatError for another file. */
export async function readManifest(folder: string): Promise<VectorsManifest> {
  const file = join(folder, manifestName);
  const text = await readFile(file, "utf8");
  try {
    const manifest = JSON.parse(text) as VectorsManifest; // the lines below look at it
    if (manifest.format === "kindred teacher vectors 1" && manifest.dimension > 0 && manifest.rowsPerShard > 0)
      return manifest;
  } catch {
    // told below
  }
  throw new FormatError(
    { file },
    "is no manifest of a teacher's vectors. Take the folder away, and they are made anew.",
  );
}
