import { FormatError } from "@kindred/errors";
import { dtypeBits } from "../named-tensor.ts";
import type { ByteSource } from "../byte-source.ts";
import { type CheckpointValue, describeValue } from "./checkpoint-value.ts";
import { flattenState } from "./flatten-state.ts";
import { readPickle } from "./read-pickle.ts";
import type { TorchContainer } from "./torch-checkpoint.ts";
import { torchImports } from "./torch-imports.ts";

/** With which such a stream begins, as a pickled integer. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** Where the pickles end is not known beforehand; this much is read at first, then eight times as much, and so on. */
const FIRST_HEAD_BYTES = 2 ** 20;
const LARGEST_HEAD_BYTES = 2 ** 28;

/**
 * A checkpoint as one stream, PyTorch's form before 1.6: five pickles (a magic number, a version, the machine's sizes,
 * the state, the keys of the storages) and then each storage in the order of the keys, its count of elements in eight
 * bytes before it.
 *
 * @see PyTorch, `torch/serialization.py`, `_legacy_load`
 */
export async function openTorchStream(source: ByteSource): Promise<TorchContainer> {
  const { file, length } = source;
  for (let headBytes = FIRST_HEAD_BYTES; ; headBytes *= 8) {
    const head = await source.read(0, Math.min(headBytes, length));
    let cutAt: number | undefined;
    const fail = (offset: number, message: string): never => {
      if (offset >= head.length) cutAt = offset;
      throw new FormatError({ file, offset }, message);
    };
    try {
      return await readStream(source, head, fail);
    } catch (error) {
      // A pickle that ends where the head does may go on behind it.
      if (cutAt === undefined || head.length === length || headBytes >= LARGEST_HEAD_BYTES) throw error;
    }
  }
}

async function readStream(
  source: ByteSource,
  head: Uint8Array,
  fail: (at: number, message: string) => never,
): Promise<TorchContainer> {
  let at = 0;
  const next = (): CheckpointValue => {
    const { value, end } = readPickle(head, { start: at, host: torchImports, fail });
    at = end;
    return value;
  };
  const magic = next();
  if (magic !== MAGIC) fail(0, `no PyTorch checkpoint: a pickle of something else. Got ${describeValue(magic)} first.`);
  const protocolAt = at;
  const protocol = next();
  if (protocol !== PROTOCOL) fail(protocolAt, `unknown version ${describeValue(protocol)}, expected ${PROTOCOL}.`);
  const machineAt = at;
  const machine = next();
  const isLittle =
    typeof machine === "object" && machine?.kind === "dict" && machine.entries.get("little_endian") === true;
  if (!isLittle) fail(machineAt, "not from a little-endian machine. Save it on another one.");
  const stateAt = at;
  const state = next();
  const pickleBytes = at - stateAt;
  const { tensors, values } = flattenState(state, pickleBytes, (message) => fail(stateAt, `checkpoint: ${message}`));
  const keysAt = at;
  const keys = next();
  if (typeof keys !== "object" || keys?.kind !== "list") return fail(keysAt, "no list of storages behind the state.");

  const storages = new Map([...tensors.values()].map(({ storage }) => [storage.key, storage]));
  const offsets = new Map<string, number>();
  for (const key of keys.items) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    // Storages that only something else than a tensor of the state refers to cannot be told the length of.
    if (storage === undefined || offsets.has(storage.key))
      return fail(keysAt, `the storage ${describeValue(key)} stands twice, or no tensor has it.`);
    if (at + 8 + storage.bytes > source.length) {
      throw new FormatError(
        { file: source.file, offset: Math.min(at, source.length) },
        `storage ${storage.key} runs beyond the file. Got ${source.length - at} bytes, expected ${8 + storage.bytes}. Is it cut off?`,
      );
    }
    const count = await source.read(at, 8);
    const elements = Number(new DataView(count.buffer, count.byteOffset).getBigInt64(0, true));
    if (elements * (dtypeBits[storage.dtype] / 8) !== storage.bytes) {
      throw new FormatError(
        { file: source.file, offset: at },
        `storage ${storage.key} has another length here. Got ${elements} elements, expected ${storage.bytes} bytes of ${storage.dtype}.`,
      );
    }
    offsets.set(storage.key, at + 8);
    at += 8 + storage.bytes;
  }
  for (const [name, { storage }] of tensors) {
    if (!offsets.has(storage.key))
      fail(keysAt, `tensor ${JSON.stringify(name)}: its storage ${storage.key} is not there.`);
  }
  if (at !== source.length) {
    throw new FormatError({ file: source.file, offset: at }, `${source.length - at} bytes follow the last storage.`);
  }
  const readStorage = async (key: string, begin: number, length: number) => {
    const offset = offsets.get(key) ?? fail(keysAt, `the storage ${key} is not there.`);
    return source.read(offset + begin, length);
  };
  return { tensors, values, readStorage };
}
