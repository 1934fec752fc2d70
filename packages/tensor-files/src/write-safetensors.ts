import { ConfigError, ShapeError } from "@kindred/errors";
import { byteLength, type Dtype, dtypeBits, expectTensor, type NamedTensor } from "./named-tensor.ts";

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
  const byName = new Map<string, NamedTensor>();
  for (const [name, tensor] of tensors) {
    if (byName.has(name)) refuseName(name, "stands twice, or for the metadata", nameRule);
    expectTensor("writeSafetensors", `tensor ${quote(name)}`, tensor);
    byName.set(name, tensor);
  }
  const { header, order } = planSafetensors(byName, { metadata });
  const inOrder = order.flatMap((name) => byName.get(name)?.bytes ?? []);
  const bytes = new Uint8Array(header.length + inOrder.reduce((sum, { length }) => sum + length, 0));
  bytes.set(header);
  let at = header.length;
  for (const data of inOrder) {
    bytes.set(data, at);
    at += data.length;
  }
  return bytes;
}

/** How to lay a safetensors file out. */
export type PlanSafetensorsOptions = WriteSafetensorsOptions & {
  /** Whether tensors keep the order in which they come, instead of the reference library's. Default: false. */
  readonly asGiven?: boolean;
  /** The least bytes that the header takes, a multiple of 8: room for numbers that are known only at the end. Default: none to spare. */
  readonly headBytes?: number;
};

/**
 * A safetensors file before its data is there, to be written as a stream: its first bytes, and the names of the tensors in the order in
 * which their bytes follow, one after another without a gap.
 *
 * @throws ConfigError as {@link writeSafetensors} does; ShapeError for a shape that has no size
 *
 * @example
 * ```ts
 * import { planSafetensors } from "@kindred/tensor-files";
 *
 * const tensors = { weight: { dtype: "F32", shape: [2, 2] }, bias: { dtype: "F32", shape: [2] } } as const;
 * const { header, order } = planSafetensors(Object.entries(tensors));
 * order; // => ["bias", "weight"]
 * header.length % 8; // => 0
 * ```
 */
export function planSafetensors(
  tensors: Iterable<readonly [name: string, tensor: Pick<NamedTensor, "dtype" | "shape">]>,
  { metadata = {}, asGiven = false, headBytes = 0 }: PlanSafetensorsOptions = {},
): { readonly header: Uint8Array; readonly order: readonly string[] } {
  const inOrder = [...tensors];
  if (!asGiven) inOrder.sort(([a, x], [b, y]) => rank(y.dtype) - rank(x.dtype) || compareCodePoints(a, b));
  const members: string[] = [];
  const notes = Object.entries(metadata).sort(([a], [b]) => compareCodePoints(a, b));
  if (notes.length > 0) {
    members.push(`"__metadata__":{${notes.map(([key, value]) => `${quote(key)}:${quote(value)}`).join(",")}}`);
  }
  const names = new Set(["__metadata__"]);
  let end = 0;
  for (const [name, { dtype, shape }] of inOrder) {
    if (names.has(name)) refuseName(name, "stands twice, or for the metadata", nameRule);
    names.add(name);
    const length = byteLength(dtype, shape);
    if (typeof length === "string")
      throw new ShapeError(`writeSafetensors: tensor ${quote(name)} of ${dtype} [${shape.join(", ")}]: ${length}.`, {
        name,
        shape,
      });
    const begin = end;
    end += length;
    members.push(`${quote(name)}:{"dtype":"${dtype}","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`);
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const header = new Uint8Array(Math.max(headBytes, 8 + Math.ceil(json.length / 8) * 8)).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { header, order: inOrder.map(([name]) => name) };
}

const nameRule = "expected each name once, and not __metadata__";

const dtypeOrder = Object.keys(dtypeBits);

function rank(dtype: Dtype): number {
  return dtypeOrder.indexOf(dtype);
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
