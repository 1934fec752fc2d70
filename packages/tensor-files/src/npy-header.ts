import { FormatError } from "@kindred/errors";
import type { Dtype } from "./named-tensor.ts";

/** The three things that an .npy header says, and where the data begins. */
export type NpyHeader = {
  readonly description: string;
  readonly isFortranOrder: boolean;
  readonly shape: readonly number[];
  readonly dataOffset: number;
};

const MAGIC = "\x93NUMPY";

/** All that version 1 has room for, and more than three plain members need: a limit for the patterns below. */
const MAX_HEADER_BYTES = 65_536;

/**
 * Reads the header of an .npy file: magic, version 1, 2 or 3, length, and a Python dictionary of exactly descr,
 * fortran_order and shape.
 *
 * The dictionary is matched against the one form that NumPy writes (members in any order), never evaluated. Structured
 * element types, which are lists there, do not match.
 *
 * @see NumPy documentation, numpy.lib.format
 */
export function parseNpyHeader(bytes: Uint8Array, file: string): NpyHeader {
  const fail = (offset: number, message: string): never => {
    throw new FormatError({ file, offset }, message);
  };
  if (latin1(bytes.subarray(0, 6)) !== MAGIC) fail(0, 'not an .npy file. Expected the first bytes to be "\\x93NUMPY".');
  const version = bytes[6] ?? -1;
  if (![1, 2, 3].includes(version) || bytes[7] !== 0) {
    fail(6, `unknown version. Got ${version}.${bytes[7]}, expected 1.0, 2.0 or 3.0.`);
  }
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) fail(bytes.length, "the file ends before its header. Is it cut off?");
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const dataOffset = start + length;
  if (length > MAX_HEADER_BYTES) fail(8, `header too long. Got ${length} bytes, expected at most ${MAX_HEADER_BYTES}.`);
  if (dataOffset > bytes.length) {
    fail(
      8,
      `header longer than the file. Got ${length} bytes, expected at most the ${bytes.length - start} that follow. Is the file cut off?`,
    );
  }
  // Version 3 allows UTF-8, which only field names of structured types need: in a header read here every byte is a
  // letter of its own.
  return {
    ...parseDictionary(latin1(bytes.subarray(start, dataOffset)), (message) => fail(start, message)),
    dataOffset,
  };
}

function parseDictionary(text: string, fail: (message: string) => never): Omit<NpyHeader, "dataOffset"> {
  const dictionary = /^\s*\{(.*)\}\s*$/s.exec(text);
  if (dictionary === null) return fail(`header is not a dictionary. Got ${JSON.stringify(text.slice(0, 40))}.`);
  const member =
    /\s*(['"])(descr|fortran_order|shape)\1\s*:\s*(?:(['"])([^'"\\]*)\3|(True|False)|\(([\d\s,]*)\))\s*(,|$)/y;
  const members = new Map<string, RegExpExecArray>();
  const inner = (dictionary[1] ?? "").trimEnd();
  while (member.lastIndex < inner.length) {
    const at = member.lastIndex;
    const match = member.exec(inner);
    if (match === null)
      return fail(
        `bad header member. Got ${JSON.stringify(inner.slice(at, at + 40))}, expected descr, fortran_order or shape.`,
      );
    const [, , name = ""] = match;
    if (members.has(name)) fail(`header says ${name} twice. Expected descr, fortran_order and shape once each.`);
    members.set(name, match);
  }
  const description = members.get("descr")?.[4];
  const order = members.get("fortran_order")?.[5];
  const sizes = members.get("shape")?.[6];
  if (description === undefined || order === undefined || sizes === undefined) {
    return fail(
      "header members are missing or of the wrong kind. Expected descr 'text', fortran_order True or False and shape (…).",
    );
  }
  if (!/^\s*(\d+\s*,\s*(\d+\s*(,\s*\d+\s*)*,?\s*)?)?$/.test(sizes))
    fail(`bad shape. Got (${sizes}), expected (), (n,) or (n, m, …).`);
  const shape = [...sizes.matchAll(/\d+/g)].map(Number);
  return { description, isFortranOrder: order === "True", shape };
}

/** NumPy leaves room for so many digits of the first size, so that rows can be added in place. */
const ROW_DIGITS = 21;

/**
 * The bytes before the data of a version 1 file: magic, length, dictionary, filled with spaces so that the data begins
 * at a multiple of 64.
 *
 * As NumPy 2 writes them: as many for any first size, and a whole line of 64 spaces more where none were needed.
 */
export function formatNpyHeader(description: string, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dictionary = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const room = shape.length === 0 ? 0 : ROW_DIGITS - String(shape[0]).length;
  const length = (Math.floor((10 + dictionary.length + room + 1) / 64) + 1) * 64;
  const bytes = new TextEncoder().encode(`?NUMPY\x01\0??${dictionary.padEnd(length - 11)}\n`);
  bytes[0] = 0x93;
  new DataView(bytes.buffer).setUint16(8, length - 10, true);
  return bytes;
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

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
type NpyElements = { readonly dtype: Dtype; readonly reversedBytes: number };

/** NumPy's word for a dtype, `<f4` for instance; undefined for those that NumPy has not. */
export function npyDescription(dtype: Dtype): string | undefined {
  const type = typeOf[dtype];
  return type && (type.endsWith("1") ? "|" : "<") + type;
}

/** The dtype that NumPy's word stands for; undefined if no dtype here does (objects, strings, dates, float128, …). */
export function parseNpyDescription(description: string): NpyElements | undefined {
  const [order, type] = [description[0], description.slice(1)];
  const dtype = (Object.keys(typeOf) as Dtype[]).find((name) => typeOf[name] === type);
  if (dtype === undefined) return undefined;
  const width = Number(type.slice(1));
  // "|" says that order does not matter, so it belongs to single bytes; NumPy also writes "<" and ">" there in old
  // files.
  if (order !== "<" && order !== ">" && !(order === "|" && width === 1)) return undefined;
  const numberWidth = type === "c8" ? 4 : width;
  return { dtype, reversedBytes: order === ">" ? numberWidth : 1 };
}
