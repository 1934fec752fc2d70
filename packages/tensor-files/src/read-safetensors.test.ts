import { ConfigError, FormatError, ShapeError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzRuns } from "../test-support/fuzz-runs.ts";
import { byteLength, dtypeBits } from "./named-tensor.ts";
import { type Dtype, fromFloat32, type NamedTensor, readSafetensors, toFloat32, writeSafetensors } from "./index.ts";

const wellFormed = fc.string({ unit: "binary", maxLength: 12 });
const name = fc.oneof(
  { weight: 4, arbitrary: wellFormed.filter((text) => text !== "__metadata__") },
  fc.constantFrom("__proto__", "constructor", "toString", "", "\0", '"', "\\", "\ufeff", "\uffff", "\u{10000}"),
);
const dtype = fc.constantFrom(...(Object.keys(dtypeBits) as Dtype[]));
const shape = fc.array(fc.constantFrom(0, 1, 1, 2, 3, 8), { maxLength: 4 });
const tensor: fc.Arbitrary<NamedTensor> = fc.tuple(dtype, shape).chain(([kind, sizes]) => {
  // Sub-byte elements fill whole bytes eight at a time.
  const fitting = typeof byteLength(kind, sizes) === "string" ? [...sizes, 8] : sizes;
  const length = byteLength(kind, fitting) as number;
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => ({ dtype: kind, shape: fitting, bytes }) satisfies NamedTensor);
});
const tensors = fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 6 });
const metadata = fc.dictionary(name, wellFormed, { noNullPrototype: false, maxKeys: 3 });

test("reads a file made by hand", () => {
  const header = '{"__metadata__":{"format":"pt"},"b":{"shape":[2],"data_offsets":[0,2],"dtype":"U8"}}  ';
  const { tensors, metadata } = readSafetensors(file(header, [7, 8]));
  expect(tensors).toEqual(new Map([["b", { dtype: "U8", shape: [2], bytes: Uint8Array.of(7, 8) }]]));
  expect(metadata["format"]).toBe("pt");
});

test("round-trips any names, shapes, dtypes and bits, NaN's included, whatever the order", () => {
  fc.assert(
    fc.property(tensors, metadata, (all, beside) => {
      const bytes = writeSafetensors(all, { metadata: beside });
      expect(writeSafetensors([...all].reverse(), { metadata: beside })).toEqual(bytes);
      const read = readSafetensors(bytes);
      expect(sorted(read.tensors)).toEqual(sorted(all));
      expect(sorted(Object.entries(read.metadata))).toEqual(sorted(Object.entries(beside)));
    }),
  );
});

test("gives views of the file, aligned to their elements", () => {
  fc.assert(
    fc.property(tensors, (all) => {
      const bytes = writeSafetensors(all);
      for (const read of readSafetensors(bytes).tensors.values()) {
        expect(read.bytes.buffer).toBe(bytes.buffer);
        if (read.bytes.length > 0) expect(read.bytes.byteOffset % Math.max(1, dtypeBits[read.dtype] / 8)).toBe(0);
      }
    }),
  );
});

test("a mutated file is either a consistent one or refused by a FormatError, never by another error", () => {
  const letter = fc.constantFrom(...new TextEncoder().encode('0123456789{}[]",:\\ '));
  const inserted = fc.array(fc.oneof(fc.nat(255), letter), { maxLength: 2 });
  // Replaces no byte, one or two by none, one or two; two times of three among the first 160, where the header is.
  const edit = fc.tuple(fc.nat(), fc.nat(2), inserted);
  const mutated = fc
    .tuple(tensors, metadata, fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([all, beside, edits]) => {
      const bytes = [...writeSafetensors(all, { metadata: beside })];
      for (const [at, removed, more] of edits)
        bytes.splice(at % (at % 3 === 0 ? bytes.length + 1 : 160), removed, ...more);
      return Uint8Array.from(bytes);
    });
  let accepted = 0;
  fc.assert(
    fc.property(mutated, (bytes) => {
      const outcome = attempt(() => readSafetensors(bytes, { file: "m" }));
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(FormatError);
        return;
      }
      accepted += 1;
      for (const tensor of outcome.tensors.values())
        expect(tensor.bytes.length).toBe(byteLength(tensor.dtype, tensor.shape));
      const again = readSafetensors(writeSafetensors(outcome.tensors, { metadata: outcome.metadata }));
      expect(sorted(again.tensors)).toEqual(sorted(outcome.tensors));
    }),
    { numRuns: fuzzRuns },
  );
  // Edits that hit the data alone leave a valid file: both ways were taken.
  expect(accepted).toBeGreaterThan(10);
});

test("refuses every file that is cut off, and every one with bytes behind it", () => {
  fc.assert(
    fc.property(tensors, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 }), (all, cut, more) => {
      const bytes = writeSafetensors(all);
      expect(() => readSafetensors(bytes.subarray(0, cut % bytes.length))).toThrow(FormatError);
      expect(() => readSafetensors(Uint8Array.of(...bytes, ...more))).toThrow(FormatError);
    }),
  );
});

const entry = (shape: string, offsets: string) => `{"a":{"dtype":"U8","shape":${shape},"data_offsets":${offsets}}}`;
test.each([
  ["the header begins with {", ' {"a":1}', 8],
  ["each key stands once", '{"__metadata__":{"k":"1","k":"2"}}', 33],
  ["each field stands once", '{"a":{"dtype":"U8","dtype":"U8","shape":[],"data_offsets":[0,1]}}', 27],
  ["no field but three", '{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"extra":1}}', 59],
  ["integers have no exponent", entry("[1e0]", "[0,1]"), 36],
  ["integers have no leading zero", entry("[01]", "[0,1]"), 36],
  ["integers are below 2^53", entry("[9007199254740992]", "[0,1]"), 36],
  ["strings escape control characters", '{"a\n":1}', 9],
  ["strings are whole", '{"\\ud800":1}', 9],
  ["commas separate", '{"__metadata__":{} "a":1}', 27],
  ["no comma ends a list", '{"__metadata__":{},}', 27],
  ["nothing follows the object", '{"__metadata__":{}}x', 27],
  ["metadata is an object", '{"__metadata__":null}', 24],
  ["offsets count from what was before, in UTF-8", '{"__metadata__":{"ü€":""},"a":1}', 41],
])("says where: %s", (_, header, offset) => {
  const error = attempt(() => readSafetensors(file(header, [0]), { file: "model.safetensors" }));
  expect(error).toBeInstanceOf(FormatError);
  expect(error).toMatchObject({ file: "model.safetensors", offset });
});

test("does not let an overflowing shape pass for a small one, and lets a zero in it count", () => {
  expect(() => readSafetensors(file(entry("[4294967296,4294967296]", "[0,0]"), []))).toThrow(/overflow/);
  const { tensors } = readSafetensors(file(entry("[4294967296,0,4294967296,4294967296]", "[0,0]"), []));
  expect(tensors.get("a")?.bytes.length).toBe(0);
});

test("names a Git LFS pointer for what it is", () => {
  const pointer = new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n");
  expect(() => readSafetensors(pointer)).toThrow(/Git LFS pointer/);
});

test("names sort by code point, wide dtypes first", () => {
  const one = (dtype: Dtype): NamedTensor => ({ dtype, shape: [1], bytes: new Uint8Array(dtypeBits[dtype] / 8) });
  const given = [
    ["\u{10000}", one("U8")],
    ["\uffff", one("U8")],
    ["ab", one("U8")],
    ["a", one("U8")],
    ["z", one("F32")],
  ] as const;
  expect([...readSafetensors(writeSafetensors(given)).tensors.keys()]).toEqual(["z", "a", "ab", "\uffff", "\u{10000}"]);
});

test.each(["__metadata__", "\ud800", "a\udc00"])("refuses to write the name %j", (bad) => {
  expect(() => writeSafetensors([[bad, fromFloat32([], [0])]])).toThrow(ConfigError);
});

test("refuses to write a name twice, or bytes that do not fit the shape", () => {
  const scalar = fromFloat32([1], []);
  expect(() =>
    writeSafetensors([
      ["a", scalar],
      ["a", scalar],
    ]),
  ).toThrow(ConfigError);
  expect(() => writeSafetensors([["a", { ...scalar, shape: [2] }]])).toThrow(ShapeError);
  expect(() => toFloat32({ ...scalar, shape: [0.5] })).toThrow(ShapeError);
});

function file(header: string, data: number[]): Uint8Array {
  const bytes = new TextEncoder().encode(header);
  return Uint8Array.of(bytes.length, 0, 0, 0, 0, 0, 0, 0, ...bytes, ...data);
}

function sorted<Value>(entries: Iterable<readonly [string, Value]>): (readonly [string, Value])[] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function attempt<Result>(body: () => Result): Result | Error {
  try {
    return body();
  } catch (error) {
    return error as Error;
  }
}
