import { ConfigError } from "@kindred/errors";
import { type Dtype, dtypeBits, expectTensor, type NamedTensor } from "./named-tensor.ts";

/** What may stand beside the tensors. */
export type WriteSafetensorsOptions = {
  /** The header's `__metadata__`. Default none. PyTorch's loaders ask for `{ format: "pt" }`. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * The bytes of a safetensors file: the same tensors give the same bytes, in whatever order they come.
 *
 * Ordered as the reference library orders them, by dtype (wide ones first, so that data is aligned) and then by name
 * (by code point); the header is filled with spaces to a multiple of 8 bytes. Equal to the reference's file byte for
 * byte, but that metadata keys are sorted here.
 *
 * @param tensors names and tensors, a `Map` for instance
 * @throws ConfigError if a name stands twice, is `__metadata__`, or holds a lone surrogate, which UTF-8 cannot
 * @throws ShapeError if a tensor's bytes do not fit its shape
 * @see huggingface/safetensors, `safetensors/src/tensor.rs`, `prepare`
 *
 * @example
 * ```ts
 * import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
 *
 * const bytes = writeSafetensors(new Map([["bias", fromFloat32([0.5], [1])]]));
 * new TextDecoder().decode(bytes.subarray(8, -4)).trim(); // => '{"bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
 * ```
 */
export function writeSafetensors(
  tensors: Iterable<readonly [name: string, tensor: NamedTensor]>,
  { metadata = {} }: WriteSafetensorsOptions = {},
): Uint8Array {
  const sorted = [...tensors].sort(([a, x], [b, y]) => rank(y.dtype) - rank(x.dtype) || compareCodePoints(a, b));
  const members: string[] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
  if (notes.length > 0) {
    members.push(`"__metadata__":{${notes.map(([key, value]) => `${quote(key)}:${quote(value)}`).join(",")}}`);
  }
  const names = new Set(["__metadata__"]);
  let end = 0;
  for (const [name, tensor] of sorted) {
    if (names.has(name))
      refuseName(name, "stands twice, or for the metadata", "expected each name once, and not __metadata__");
    names.add(name);
    expectTensor("writeSafetensors", `tensor ${quote(name)}`, tensor);
    const begin = end;
    end += tensor.bytes.length;
    const { dtype, shape } = tensor;
    members.push(`${quote(name)}:{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`);
  }
  return assemble(`{${members.join(",")}}`, sorted, end);
}

function assemble(json: string, sorted: readonly (readonly [string, NamedTensor])[], dataLength: number): Uint8Array {
  const header = new TextEncoder().encode(json);
  const dataOffset = 8 + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(dataOffset + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataOffset - 8), true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, dataOffset);
  let at = dataOffset;
  for (const [, tensor] of sorted) {
    bytes.set(tensor.bytes, at);
    at += tensor.bytes.length;
  }
  return bytes;
}

const order = Object.keys(dtypeBits);

function rank(dtype: Dtype): number {
  return order.indexOf(dtype);
}

function quote(text: string): string {
  if (/\p{Surrogate}/u.test(text)) refuseName(text, "holds half a surrogate pair", "expected text that UTF-8 can hold");
  return JSON.stringify(text);
}

function refuseName(name: string, what: string, rule: string): never {
  throw new ConfigError(`writeSafetensors: a name ${what}. Got ${JSON.stringify(name)}, ${rule}.`, { name });
}

/**
 * The order of UTF-8 bytes. Code units sort otherwise: astral letters, written with surrogates, come before U+E000 …
 * U+FFFF there.
 */
function compareCodePoints(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === a.length || i === b.length) return a.length - b.length;
  // Moves the surrogates, 0xd800 … 0xdfff, behind the rest, and the rest down to close the gap.
  const rankOf = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);
  return rankOf(a.charCodeAt(i)) - rankOf(b.charCodeAt(i));
}
