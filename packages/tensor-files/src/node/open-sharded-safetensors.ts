import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FormatError } from "@kindred/errors";
import { safetensorsIndex } from "../safetensors-index.ts";
import { openSafetensors, type SafetensorsFile } from "./open-safetensors.ts";
import { type TensorFile, type TensorSummary, unknownTensor } from "./tensor-file.ts";

/**
 * Opens the safetensors files that a `model.safetensors.index.json` names as if they were one. The headers are read and
 * checked at once, the tensors one by one; the order is the files', so that each is read once from front to back.
 *
 * Tensors that the index does not name are passed over.
 *
 * @throws FormatError naming the file at fault: a broken index, a file that is not there, a tensor that the index sends
 * to a file without it
 *
 * @example
 * ```ts ignore
 * import { openShardedSafetensors } from "@kindred/tensor-files/node";
 *
 * await using model = await openShardedSafetensors("model/model.safetensors.index.json");
 * ```
 */
export async function openShardedSafetensors(indexPath: string): Promise<TensorFile> {
  const text = new TextDecoder().decode(await readFile(indexPath));
  const shards = new Map<string, SafetensorsFile>();
  const close = async () => {
    await Promise.all([...shards.values()].map((shard) => shard.close()));
  };
  try {
    const tensors = new Map<string, TensorSummary>();
    const shardOf = new Map<string, SafetensorsFile>();
    for (const [file, names] of safetensorsIndex(text, { file: indexPath })) {
      const path = join(dirname(indexPath), file);
      const shard = await openSafetensors(path).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code !== "ENOENT") throw cause;
        throw new FormatError({ file: path }, `the file is missing, though ${indexPath} names it.`, {}, { cause });
      });
      shards.set(file, shard);
      const expected = new Set(names);
      for (const [name, summary] of shard.tensors) {
        if (!expected.delete(name)) continue;
        tensors.set(name, summary);
        shardOf.set(name, shard);
      }
      const [missing] = expected;
      if (missing === undefined) continue;
      throw new FormatError(
        { file: path, offset: 0 },
        `${expected.size} of ${names.length} tensors are missing that ${indexPath} says are here, the first is ${JSON.stringify(missing)}.`,
      );
    }
    const read: TensorFile["read"] = async (name) => {
      const shard = shardOf.get(name);
      if (shard === undefined) throw unknownTensor("openShardedSafetensors", indexPath, name, shardOf.keys());
      return shard.read(name);
    };
    return { tensors, read, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}
