import { FormatError } from "@kindred/errors";
import { gatherStrided, strideSpan } from "../gather-strided.ts";
import { byteLength, dtypeBits, type NamedTensor, type TensorSummary } from "../named-tensor.ts";
import type { ByteSource } from "../byte-source.ts";
import type { KeyValue, TensorValue } from "./checkpoint-value.ts";
import { openTorchStream } from "./torch-stream.ts";
import { openTorchZip } from "./torch-zip.ts";

/** What a checkpoint's pickle says, and how to come by the bytes of its storages. */
export type TorchContainer = {
  readonly tensors: ReadonlyMap<string, TensorValue>;
  readonly values: ReadonlyMap<string, KeyValue>;
  /** Some bytes of a storage. */
  readonly readStorage: (key: string, begin: number, length: number) => Promise<Uint8Array>;
};

/** A checkpoint that is read tensor by tensor. */
export type TorchCheckpoint = {
  readonly tensors: ReadonlyMap<string, TensorSummary>;
  readonly values: ReadonlyMap<string, KeyValue>;
  readonly read: (name: string) => Promise<NamedTensor | undefined>;
};

/** A checkpoint of either form, told apart by the first bytes: a zip archive (PyTorch ≥ 1.6) or a stream of pickles. */
export async function torchCheckpoint(source: ByteSource): Promise<TorchCheckpoint> {
  const { tensors, values, readStorage } = await openContainer(source);
  const read = async (name: string): Promise<NamedTensor | undefined> => {
    const view = tensors.get(name);
    if (view === undefined) return undefined;
    const { begin, length } = viewSpan(view);
    const bytes = length === 0 ? new Uint8Array() : await readStorage(view.storage.key, begin, length);
    const { dtype, shape, strides } = view;
    return { dtype, shape, bytes: gatherStrided(bytes, { shape, strides, width: dtypeBits[dtype] / 8 }) };
  };
  const summaries = new Map<string, TensorSummary>();
  for (const [name, { dtype, shape }] of byStorage(tensors))
    summaries.set(name, { dtype, shape, byteLength: byteLength(dtype, shape) as number });
  return { tensors: summaries, values, read };
}

/** The views of one storage beside each other, so that whoever reads in this order unpacks a packed storage once. */
function byStorage(tensors: ReadonlyMap<string, TensorValue>): [string, TensorValue][] {
  const groups = new Map<string, [string, TensorValue][]>();
  for (const entry of tensors) {
    const { key } = entry[1].storage;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  return [...groups.values()].flat();
}

async function openContainer(source: ByteSource): Promise<TorchContainer> {
  const { file, length } = source;
  const start = await source.read(0, Math.min(length, 512));
  const text = new TextDecoder("latin1").decode(start);
  if (text.startsWith("PK")) return openTorchZip(source);
  if (start[0] === 0x80) return openTorchStream(source);
  const what = text.startsWith("version https://git-lfs")
    ? "this is the text of a Git LFS pointer: fetch the file itself (git lfs pull)."
    : text.slice(257, 262) === "ustar"
      ? "a tar archive, PyTorch's form of 2016. Save the checkpoint again."
      : length === 0
        ? "the file is empty."
        : `neither a zip archive nor a pickle. Got ${JSON.stringify(text.slice(0, 8))}.`;
  throw new FormatError({ file, offset: 0 }, `no PyTorch checkpoint: ${what}`);
}

/** Where in its storage, in bytes, the first element of a view begins and how far its last one reaches from there. */
function viewSpan({ dtype, shape, strides, offset }: TensorValue): { begin: number; length: number } {
  const width = dtypeBits[dtype] / 8;
  if (shape.includes(0)) return { begin: 0, length: 0 };
  return { begin: offset * width, length: (strideSpan(shape, strides) + 1) * width };
}
