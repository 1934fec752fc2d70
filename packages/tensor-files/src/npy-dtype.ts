import type { Dtype } from "./dtype.ts";

/** NumPy's letter and byte width for each dtype that NumPy has. */
const typeOf: { readonly [D in Dtype]?: string } = {
  F64: "f8",
  F32: "f4",
  F16: "f2",
  C64: "c8",
  I64: "i8",
  I32: "i4",
  I16: "i2",
  I8: "i1",
  U64: "u8",
  U32: "u4",
  U16: "u2",
  U8: "u1",
  BOOL: "b1",
};

/** How elements lie in an .npy file: their dtype, and how many bytes to reverse at a time if they are big-endian. */
export type NpyElements = { readonly dtype: Dtype; readonly reversedBytes: number };

/** NumPy's word for a dtype, `<f4` for instance; undefined for those that NumPy has not. */
export function npyDescription(dtype: Dtype): string | undefined {
  const type = typeOf[dtype];
  return type && (type.endsWith("1") ? "|" : "<") + type;
}

/** The dtype that NumPy's word stands for; undefined if no dtype here does (objects, strings, dates, float128, …). */
export function parseNpyDescription(description: string): NpyElements | undefined {
  const [order, type] = [description[0], description.slice(1)];
  const found = Object.entries(typeOf).find(([, known]) => known === type);
  if (found === undefined) return undefined;
  const width = Number(type.slice(1));
  // "|" says that order does not matter, so it belongs to single bytes; NumPy also writes "<" and ">" there in old
  // files.
  if (order !== "<" && order !== ">" && !(order === "|" && width === 1)) return undefined;
  const numberWidth = type === "c8" ? 4 : width;
  return { dtype: found[0] as Dtype, reversedBytes: order === ">" ? numberWidth : 1 };
}
