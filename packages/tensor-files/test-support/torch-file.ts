// A small writer of PyTorch checkpoints in both forms, for tests: what torch.save writes, and what it never would.
import { deflateRawSync } from "node:zlib";
import { type Dtype, dtypeBits } from "../src/named-tensor.ts";

/** A view of a storage, as torch pickles a tensor. */
export type View = {
  readonly storage: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
};

/** A state dict: views, nested dictionaries, and plain values. */
export type State = Map<string, View | State | number | string>;

export type Checkpoint = { readonly state: State; readonly storages: Map<string, Uint8Array> };

const classes: Partial<Record<Dtype, string>> = {
  F64: "DoubleStorage",
  F32: "FloatStorage",
  F16: "HalfStorage",
  BF16: "BFloat16Storage",
  I64: "LongStorage",
  I32: "IntStorage",
  I16: "ShortStorage",
  I8: "CharStorage",
  U8: "ByteStorage",
  BOOL: "BoolStorage",
};
export const torchDtypes = Object.keys(classes) as Dtype[];

const text = (value: string) => {
  const bytes = new TextEncoder().encode(value);
  return [0x58, ...u32(bytes.length), ...bytes];
};
const u16 = (n: number) => [n & 255, n >> 8];
const u32 = (n: number) => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
const u64 = (n: number) => [...u32(n >>> 0), ...u32(Math.floor(n / 2 ** 32))];
const latin = (value: string) => [...value].map((letter) => letter.charCodeAt(0));
export const int = (n: number) => [0x8a, 8, ...u64(n)]; // LONG1
export const importOf = (module: string, name: string) => latin(`c${module}\n${name}\n`);
export const tuple = (...items: number[][]) => [0x28, ...items.flat(), 0x74];
export const pickle = (value: number[]) => [0x80, 2, ...value, 0x2e];

/** `_rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict())`. */
export function pickledView(
  { storage, dtype, shape, strides, offset }: View,
  elements: number,
  isStream: boolean,
): number[] {
  const id = [text("storage"), importOf("torch", classes[dtype]!), text(storage), text("cpu"), int(elements)];
  const args = [[...tuple(...id, ...(isStream ? [[0x4e]] : [])), 0x51], int(offset), tuple(...shape.map(int))];
  const rest = [tuple(...strides.map(int)), [0x89], [...importOf("collections", "OrderedDict"), 0x29, 0x52]];
  return [...importOf("torch._utils", "_rebuild_tensor_v2"), ...tuple(...args, ...rest), 0x52];
}

function pickledState({ state, storages }: Checkpoint, isStream: boolean): number[] {
  const value = (item: View | State | number | string): number[] => {
    if (typeof item === "number") return int(item);
    if (typeof item === "string") return text(item);
    if (item instanceof Map)
      return [0x7d, 0x28, ...[...item].flatMap(([key, each]) => [...text(key), ...value(each)]), 0x75];
    return pickledView(item, storages.get(item.storage)!.length / (dtypeBits[item.dtype] / 8), isStream);
  };
  return value(state);
}

/** The older form. */
export function torchStream(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { state, storages } = checkpoint;
  const widths = new Map<string, number>();
  const visit = (item: State) => {
    for (const each of item.values())
      if (each instanceof Map) visit(each);
      else if (typeof each === "object") widths.set(each.storage, dtypeBits[each.dtype] / 8);
  };
  visit(state);
  const machine = [0x7d, 0x28, ...text("little_endian"), 0x88, 0x75];
  const keys = [0x5d, 0x28, ...[...storages.keys()].flatMap(text), 0x65];
  return Uint8Array.from([
    ...pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
    ...pickle([0x4d, ...u16(1001)]),
    ...pickle(machine),
    ...pickle(pickledState(checkpoint, true)),
    ...pickle(keys),
    ...[...storages].flatMap(([key, bytes]) => [...u64(bytes.length / widths.get(key)!), ...bytes]),
  ]);
}

/** The zip form; `pickled` replaces the state's pickle. */
export function torchZip(
  checkpoint: Checkpoint,
  { deflated = false, pickled }: { readonly deflated?: boolean; readonly pickled?: number[] } = {},
): Uint8Array<ArrayBuffer> {
  const files: [string, Uint8Array][] = [
    ["archive/data.pkl", Uint8Array.from(pickled ?? pickle(pickledState(checkpoint, false)))],
    ["archive/byteorder", Uint8Array.from(latin("little"))],
    ...[...checkpoint.storages].map(([key, bytes]) => [`archive/data/${key}`, bytes] as [string, Uint8Array]),
    ["archive/version", Uint8Array.from(latin("3\n"))],
  ];
  return zip(files, deflated);
}

/** A zip archive, with 64-bit end records as PyTorch writes them. */
export function zip(files: readonly (readonly [string, Uint8Array])[], deflated = false): Uint8Array<ArrayBuffer> {
  const data: number[] = [];
  const directory: number[] = [];
  for (const [name, bytes] of files) {
    const packed = deflated ? deflateRawSync(bytes) : bytes;
    const letters = new TextEncoder().encode(name);
    const common = [
      20,
      0,
      0,
      8,
      deflated ? 8 : 0,
      0,
      0,
      0,
      0,
      0,
      ...u32(0),
      ...u32(packed.length),
      ...u32(bytes.length),
    ];
    const names = [...u16(letters.length), 0, 0];
    directory.push(
      ...latin("PK\x01\x02"),
      20,
      0,
      ...common,
      ...names,
      0,
      0,
      0,
      0,
      0,
      0,
      ...u32(0),
      ...u32(data.length),
      ...letters,
    );
    data.push(...latin("PK\x03\x04"), ...common, ...names, ...letters, ...packed);
  }
  const at = data.length + directory.length;
  const [count, size, offset] = [u64(files.length), u64(directory.length), u64(data.length)];
  const wide = [
    ...latin("PK\x06\x06"),
    ...u64(44),
    20,
    0,
    20,
    0,
    ...u32(0),
    ...u32(0),
    ...count,
    ...count,
    ...size,
    ...offset,
  ];
  const locator = [...latin("PK\x06\x07"), ...u32(0), ...u64(at), ...u32(1)];
  const end = [
    0,
    0,
    0,
    0,
    ...u16(files.length),
    ...u16(files.length),
    ...u32(directory.length),
    ...u32(data.length),
    0,
    0,
  ];
  return Uint8Array.from([...data, ...directory, ...wide, ...locator, ...latin("PK\x05\x06"), ...end]);
}
