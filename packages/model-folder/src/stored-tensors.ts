import { FormatError } from "@kindred/errors";
import { type NamedTensor, safetensorsIndex } from "@kindred/tensor-files";
import type { FileSource, StoredTensors } from "./model-folder.ts";

/** The names that a module's weights may have; the first that is there is read, as in transformers. */
export const weightFileNames = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
] as const;

/**
 * Whether a weights file is an index of several others.
 *
 * @example
 * ```ts
 * import { isIndex } from "@kindred/model-folder";
 *
 * isIndex("pytorch_model.bin.index.json"); // => true
 * ```
 */
export function isIndex(path: string): boolean {
  return path.endsWith(".index.json");
}

/**
 * Tensors in memory, as weights of a module.
 *
 * @param file what errors call the place
 *
 * @example
 * ```ts
 * import { tensorsInMemory } from "@kindred/model-folder";
 * import { fromFloat32 } from "@kindred/tensor-files";
 *
 * const weights = tensorsInMemory([["linear.bias", fromFloat32([1, 2], [2])]], "2_Dense/model.safetensors");
 * weights.tensors.get("linear.bias")?.shape; // => [2]
 * ```
 */
export function tensorsInMemory(
  tensors: Iterable<readonly [name: string, tensor: NamedTensor]>,
  file: string,
): StoredTensors {
  const named = new Map(tensors);
  return {
    file,
    tensors: new Map(
      Array.from(named, ([name, { dtype, shape, bytes }]) => [name, { dtype, shape, byteLength: bytes.length }]),
    ),
    read: async (name) => named.get(name) ?? refuseName(file, name),
    close: async () => {},
  };
}

/**
 * One tensor as rows of elements, one after another: pieces in the buffer (of a multiple of 8 bytes), each of which overwrites the one before, from a file that
 * is read so; else the whole.
 *
 * @throws FormatError as reading does
 *
 * @example
 * ```ts
 * import { tensorPieces, tensorsInMemory } from "@kindred/model-folder";
 * import { fromFloat32 } from "@kindred/tensor-files";
 *
 * const weights = tensorsInMemory([["linear.bias", fromFloat32([1, 2], [2])]], "2_Dense/model.safetensors");
 * const pieces = tensorPieces(weights, "linear.bias", new Uint8Array(1024));
 * (await pieces.next()).value?.shape; // => [2]
 * ```
 */
export async function* tensorPieces(
  weights: StoredTensors,
  name: string,
  buffer: Uint8Array,
): AsyncGenerator<NamedTensor, void, undefined> {
  if (weights.pieces !== undefined) yield* weights.pieces(name, buffer);
  else yield weights.read(name);
}

/**
 * Opens the weights of a module: safetensors, in one file or several, before PyTorch's, as in transformers. Only the files
 * that count are opened.
 *
 * @param folder the module's, "" or ending in "/"
 * @throws FormatError if there are none, or an index names a file that is not there or lacks a tensor
 */
export async function openWeights(source: FileSource, folder: string): Promise<StoredTensors> {
  for (const name of weightFileNames) {
    const path = folder + name;
    const opened = isIndex(name) ? await openShards(source, path) : await source.openTensors(path);
    if (opened !== undefined) return opened;
  }
  const [first, ...others] = weightFileNames;
  throw new FormatError(
    { file: source.nameOf(folder + first) },
    `the file is missing, and so are ${others.join(" and ")}. Expected one of them.`,
  );
}

/** The files that an index names, as if they were one; tensors that it does not name are passed over. */
async function openShards(source: FileSource, path: string): Promise<StoredTensors | undefined> {
  const bytes = await source.read(path);
  if (bytes === undefined) return undefined;
  const index = source.nameOf(path);
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const shards: StoredTensors[] = [];
  const close = async () => {
    for (const shard of shards) await shard.close();
  };
  try {
    const shardOf = new Map<string, StoredTensors>();
    for (const [name, expected] of safetensorsIndex(new TextDecoder().decode(bytes), { file: index })) {
      const shard = await source.openTensors(folder + name);
      if (shard === undefined)
        throw new FormatError({ file: source.nameOf(folder + name) }, `the file is missing, though ${index} names it.`);
      shards.push(shard);
      const missing = expected.filter((tensor) => !shard.tensors.has(tensor));
      if (missing.length > 0)
        throw new FormatError(
          { file: shard.file },
          `${missing.length} of ${expected.length} tensors are missing that ${index} says are here, the first is ${JSON.stringify(missing[0])}.`,
        );
      const wanted = new Set(expected);
      for (const tensor of shard.tensors.keys()) if (wanted.has(tensor)) shardOf.set(tensor, shard);
    }
    return {
      file: index,
      tensors: new Map(
        Array.from(shardOf, ([name, shard]) => [name, shard.tensors.get(name) ?? refuseName(shard.file, name)]),
      ),
      read: async (name) => (shardOf.get(name) ?? refuseName(index, name)).read(name),
      pieces: (name, buffer) => tensorPieces(shardOf.get(name) ?? refuseName(index, name), name, buffer),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function refuseName(file: string, name: string): never {
  throw new FormatError({ file }, `no tensor ${JSON.stringify(name)}.`);
}
