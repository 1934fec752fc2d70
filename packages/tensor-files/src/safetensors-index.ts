import { FormatError } from "@kindred/errors";
import type { ReadOptions } from "./read-safetensors.ts";

/**
 * Which file of a model cut into several holds which tensors, from the text of a `model.safetensors.index.json`: file
 * names in the order of their first tensor, each with the names of its tensors.
 *
 * File names are plain ones, beside the index; a path would let a downloaded index reach out of its folder.
 *
 * @throws FormatError naming the file: no JSON, no `weight_map` from names to file names
 * @see Hugging Face, transformers, `modeling_utils.py`, `save_pretrained`
 *
 * @example
 * ```ts
 * import { safetensorsIndex } from "@kindred/tensor-files";
 *
 * const text = '{"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}';
 * [...safetensorsIndex(text).keys()]; // => ["model-1-of-2.safetensors", "model-2-of-2.safetensors"]
 * ```
 */
export function safetensorsIndex(
  text: string,
  { file = "model.safetensors.index.json" }: ReadOptions = {},
): Map<string, string[]> {
  let json: { readonly weight_map?: unknown } | null;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FormatError({ file, offset: 0 }, `not JSON: ${(cause as Error).message}.`, {}, { cause });
  }
  const map: unknown = json?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new FormatError(
      { file, offset: 0 },
      "no weight_map. Expected an object from names of tensors to names of files.",
    );
  }
  const shards = new Map<string, string[]>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== "string" || !/^[^/\\\0]+$/.test(shard) || shard === "." || shard === "..") {
      throw new FormatError(
        { file, offset: 0 },
        `weight_map sends ${JSON.stringify(name)} elsewhere. Got ${JSON.stringify(shard)}, expected the name of a file beside the index.`,
      );
    }
    const names = shards.get(shard) ?? [];
    names.push(name);
    shards.set(shard, names);
  }
  return shards;
}
