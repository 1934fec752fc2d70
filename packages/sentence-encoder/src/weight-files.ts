import { FormatError } from "@kindred/errors";
import { type NamedTensor, readSafetensors, readTorchCheckpoint, safetensorsIndex } from "@kindred/tensor-files";
import { type ModelFiles, textFile } from "./model-files.ts";

/** Where a model's weights lie: in memory or in a folder. Paths are relative to the model's folder. */
export type WeightFiles = {
  /** Whether there is a file of this path. */
  readonly has: (path: string) => boolean | Promise<boolean>;
  /** The tensors of a weights file of any kind, one after another. */
  readonly tensors: (path: string) => AsyncIterable<readonly [string, NamedTensor]>;
  /** What errors call a file. */
  readonly nameOf: (path: string) => string;
};

/** The names that a folder's weights may have; the first that is there is read. */
const weightFileNames = ["model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"] as const;

/**
 * Which weights file of a module is read: safetensors, in one file or several, before PyTorch's, as in transformers.
 *
 * @param folder the module's, "" or ending in "/"
 * @throws FormatError if there is none
 */
export async function weightFile({ has, nameOf }: WeightFiles, folder: string): Promise<string> {
  for (const name of weightFileNames) if (await has(folder + name)) return folder + name;
  const [first, ...others] = weightFileNames;
  throw new FormatError(
    { file: nameOf(folder + first) },
    `the file is missing, and so are ${others.join(" and ")}. Expected one of them.`,
  );
}

/**
 * The weights among files in memory.
 *
 * @example
 * ```ts
 * import { weightFilesIn } from "@kindred/sentence-encoder";
 * import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
 *
 * const bytes = writeSafetensors([["linear.bias", fromFloat32(Float32Array.of(1, 2), [2])]]);
 * const weights = weightFilesIn({ "2_Dense/model.safetensors": bytes });
 * for await (const [name, { shape }] of weights.tensors("2_Dense/model.safetensors")) {
 *   [name, shape]; // => ["linear.bias", [2]]
 * }
 * ```
 */
export function weightFilesIn(files: ModelFiles): WeightFiles {
  const bytesOf = (path: string, because = ""): Uint8Array => {
    const bytes = Object.hasOwn(files, path) ? files[path] : undefined;
    if (bytes === undefined) throw new FormatError({ file: path }, `the file is missing${because}.`);
    return bytes;
  };
  async function* tensors(path: string): AsyncGenerator<readonly [string, NamedTensor]> {
    if (path.endsWith(".bin")) yield* (await readTorchCheckpoint(bytesOf(path), { file: path })).tensors;
    else if (path.endsWith(".safetensors")) yield* readSafetensors(bytesOf(path), { file: path }).tensors;
    else {
      const folder = path.slice(0, path.lastIndexOf("/") + 1);
      for (const [name, expected] of safetensorsIndex(textFile(files, path)!, { file: path })) {
        const file = folder + name;
        const shard = readSafetensors(bytesOf(file, `, though ${path} names it`), { file }).tensors;
        for (const tensor of expected) {
          const stored = shard.get(tensor);
          if (stored === undefined)
            throw new FormatError(
              { file, offset: 0 },
              `no tensor ${JSON.stringify(tensor)}, though ${path} says it is here.`,
            );
          yield [tensor, stored];
        }
      }
    }
  }
  return { has: (path) => Object.hasOwn(files, path), tensors, nameOf: (path) => path };
}
