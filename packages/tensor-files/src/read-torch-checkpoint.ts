import { memorySource } from "./byte-source.ts";
import type { NamedTensor } from "./named-tensor.ts";
import type { ReadOptions } from "./read-safetensors.ts";
import { torchCheckpoint } from "./torch/torch-checkpoint.ts";

/** The contents of a PyTorch checkpoint. */
export type TorchContents = {
  /** The tensors by dotted name, the views of one storage beside each other. */
  readonly tensors: Map<string, NamedTensor>;
  /** The numbers, texts and truth values beside the tensors, by dotted name: `epoch`, `optimizer.lr`. */
  readonly values: ReadonlyMap<string, number | bigint | string | boolean | null>;
};

/**
 * The tensors in the bytes of a PyTorch checkpoint, `pytorch_model.bin` or whatever `torch.save` wrote: a zip archive
 * (PyTorch ≥ 1.6) or the older stream of pickles.
 *
 * A pickle is a program; none of it is run. It is read by a machine that knows the opcodes and the imports which
 * tensors in dictionaries need (storages, `_rebuild_tensor_v2`, `_rebuild_parameter`, `OrderedDict`, …) and refuses
 * anything else by name. Nested dictionaries and lists become dotted names: `{"state_dict": {"weight": …}}` is
 * `state_dict.weight`. Strided, shifted and expanded views come out row-major; contiguous ones are views of `bytes`
 * unless packed.
 *
 * Stricter than `torch.load(weights_only=True)`: unknown archive versions, big-endian numbers, bytes after the end and
 * what unfolds to far more than the file holds are refused. Checksums are not looked at, as there. Pickle protocols 2
 * to 5.
 *
 * @throws FormatError naming file, byte offset and the broken rule; no other error, whatever the bytes
 * @see PyTorch, `torch/serialization.py` and `torch/_weights_only_unpickler.py`
 *
 * @example
 * ```ts ignore
 * import { readTorchCheckpoint, toFloat32 } from "@kindred/tensor-files";
 *
 * const { tensors } = await readTorchCheckpoint(bytes, { file: "pytorch_model.bin" });
 * toFloat32(tensors.get("embeddings.LayerNorm.weight")!);
 * ```
 */
export async function readTorchCheckpoint(
  bytes: Uint8Array,
  { file = "(bytes)" }: ReadOptions = {},
): Promise<TorchContents> {
  const { tensors, values, read } = await torchCheckpoint(memorySource(bytes, file));
  const contents = new Map<string, NamedTensor>();
  for (const name of tensors.keys()) {
    const tensor = await read(name);
    if (tensor !== undefined) contents.set(name, tensor);
  }
  return { tensors: contents, values };
}
