import type { NamedTensor } from "./named-tensor.ts";
import { parseSafetensorsHeader, safetensorsHeaderLength } from "./safetensors-header.ts";

/** What a reader may be told about the bytes it is given. */
export type ReadOptions = {
  /** The name that errors give the file. Default "(bytes)". */
  readonly file?: string;
};

/** The contents of a safetensors file. */
export type Safetensors = {
  /** The tensors by name, in the header's order. A map, since `__proto__` may be a name. */
  readonly tensors: Map<string, NamedTensor>;
  /** The header's `__metadata__`; empty if it has none. It has no prototype, so that every key is only a key. */
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * The tensors and metadata in the bytes of a safetensors file.
 *
 * Each tensor's bytes are a view, not a copy, and may begin at any address; `toFloat32` copies. Everything is checked
 * before anything is given: see the rules in the README. Stricter than the reference library in three things: the first
 * byte must be `{`, an integer must be below 2⁵³, and a tensor may have no field but dtype, shape and data_offsets.
 *
 * @throws FormatError naming file, byte offset and the broken rule; no other error, whatever the bytes
 * @see Hugging Face, safetensors format, https://github.com/huggingface/safetensors#format
 *
 * @example
 * ```ts
 * import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from "@kindred/tensor-files";
 *
 * const bytes = writeSafetensors([["weight", fromFloat32([1, 2, 3, 4], [2, 2])]], { metadata: { format: "pt" } });
 * const { tensors, metadata } = readSafetensors(bytes, { file: "model.safetensors" });
 * toFloat32(tensors.get("weight")!); // => [1, 2, 3, 4]
 * metadata["format"]; // => "pt"
 * ```
 */
export function readSafetensors(bytes: Uint8Array, { file = "(bytes)" }: ReadOptions = {}): Safetensors {
  const dataOffset = 8 + safetensorsHeaderLength(bytes.subarray(0, 8), bytes.length, file);
  const data = bytes.subarray(dataOffset);
  const { entries, metadata } = parseSafetensorsHeader(bytes.subarray(8, dataOffset), data.length, file);
  const tensors = new Map<string, NamedTensor>();
  for (const [name, { dtype, shape, begin, end }] of entries) {
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
  }
  return { tensors, metadata };
}
