import { FormatError, ShapeError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fuzzRuns } from "../test-support/fuzz-runs.ts";
import { byteLength, dtypeBits } from "./named-tensor.ts";
import { type Dtype, fromFloat32, readNpy, toFloat32, writeNpy } from "./index.ts";
import { formatNpyHeader } from "./npy-header.ts";

const dtypes: Dtype[] = ["F64", "F32", "F16", "C64", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"];
const array = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.constantFrom(0, 1, 2, 3, 5), { maxLength: 4 }))
  .chain(([dtype, shape]) => {
    const length = byteLength(dtype, shape) as number;
    return fc.uint8Array({ minLength: length, maxLength: length }).map((bytes) => ({ dtype, shape, bytes }));
  });

// Written out from the format's description: numpy.save("a.npy", np.array([[1, 2], [3, 4]], "<i2")).
const header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2), }";
const data = [1, 0, 2, 0, 3, 0, 4, 0];
const numpyFile = npy(`${header}${" ".repeat(128 - 10 - header.length - 1)}\n`, data);

test("writes what numpy.save writes, and reads it", () => {
  const tensor = { dtype: "I16", shape: [2, 2], bytes: Uint8Array.from(data) } as const;
  expect(writeNpy(tensor)).toEqual(numpyFile);
  expect(readNpy(numpyFile)).toEqual(tensor);
});

test("leaves as much room for any number of rows, as NumPy does", () => {
  const lengthOf = (shape: number[]) => formatNpyHeader("<f4", shape).length;
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), fc.array(fc.nat(), { maxLength: 9 }), (rows, more, rest) => {
      expect(lengthOf([rows, ...rest])).toBe(lengthOf([more, ...rest]));
    }),
  );
  // Fourteen sizes of 1 take 105 bytes, 20 of room and the line's end make 126. With two digits more it is 128, and
  // NumPy adds 64.
  const ones = Array<number>(11).fill(1);
  expect([lengthOf([1, 1, 10, ...ones]), lengthOf([1, 10, 10, ...ones])]).toEqual([128, 192]);
});

test("round-trips any shape, dtype and bits, as a view, the data at a multiple of 64", () => {
  fc.assert(
    fc.property(array, (tensor) => {
      const bytes = writeNpy(tensor);
      const read = readNpy(bytes);
      expect(read).toEqual(tensor);
      expect(read.bytes.buffer).toBe(bytes.buffer);
      expect((bytes.length - tensor.bytes.length) % 64).toBe(0);
    }),
  );
});

test.each([1, 2, 3])("reads version %s, members in any order, without the last comma", (version) => {
  const text = "{'shape':(3,),\"descr\": '<f4' , 'fortran_order':False}\n";
  const { bytes } = fromFloat32([1, 2, 3], [3]);
  expect([...toFloat32(readNpy(npy(text, bytes, version)))]).toEqual([1, 2, 3]);
});

test("swaps big-endian elements, and both halves of complex ones", () => {
  expect(readNpy(npy("{'descr': '>i4', 'fortran_order': False, 'shape': (), }", [1, 2, 3, 4]))).toMatchObject({
    dtype: "I32",
    bytes: Uint8Array.of(4, 3, 2, 1),
  });
  const complex = "{'descr': '>c8', 'fortran_order': False, 'shape': (1,), }";
  expect([...readNpy(npy(complex, [1, 2, 3, 4, 5, 6, 7, 8])).bytes]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
});

test("transposes Fortran order: element (i, j, k) is where column-major order says", () => {
  fc.assert(
    fc.property(fc.tuple(fc.nat(4), fc.nat(4), fc.nat(4)), ([I, J, K]) => {
      const count = I * J * K;
      const columnMajor = Uint16Array.from({ length: count }, (_, i) => i * 257);
      const text = `{'descr': '<u2', 'fortran_order': True, 'shape': (${I}, ${J}, ${K}), }`;
      const { bytes } = readNpy(npy(text, new Uint8Array(columnMajor.buffer)));
      const rowMajor = new Uint16Array(new Uint8Array(bytes).buffer);
      for (let i = 0; i < I; i++)
        for (let j = 0; j < J; j++)
          for (let k = 0; k < K; k++) expect(rowMajor[(i * J + j) * K + k]).toBe(columnMajor[i + I * (j + J * k)]);
    }),
  );
});

const text = (descr: string, shape = "(1,)", order = "False") =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
test.each([
  ["objects", text("'|O'")],
  ["text", text("'<U5'")],
  ["records", text("[('a', '<f4')]")],
  ["float128", text("'<f16'")],
  ["a wide type without an order", text("'|f4'")],
  ["a shape that is a number", text("'<f4'", "(1)")],
  ["a shape with a hole", text("'<f4'", "(1,,1)")],
  ["a negative size", text("'<f4'", "(-1,)")],
  ["a size above 2^53", text("'<f4'", "(99999999999999999999,)")],
  ["an overflowing shape", text("'<f4'", "(4294967296, 4294967296)")],
  ["too little data", text("'<f4'", "(2,)")],
  ["too much data", text("'<f4'", "(0,)")],
  ["an order that is no truth value", text("'<f4'", "(1,)", "0")],
  ["a missing member", "{'descr': '<f4', 'shape': (1,), }"],
  ["a member twice", `{'descr': '<f4', ${text("'<f4'").slice(1)}`],
  ["a member too many", `{'more': '<f4', ${text("'<f4'").slice(1)}`],
  ["code", "{'descr': print('x'), 'fortran_order': False, 'shape': (1,), }"],
  ["no dictionary", "[]"],
])("refuses %s", (_, header) => {
  expect(() => readNpy(npy(header, [0, 0, 0, 0]), { file: "a.npy" })).toThrow(FormatError);
});

test("refuses another version, another magic, and a header longer than the file or than 65,536 bytes", () => {
  const good = npy(text("'<f4'"), [0, 0, 0, 0]);
  expect(readNpy(good).shape).toEqual([1]);
  for (const [at, byte] of [
    [0, 0x92],
    [5, 0x79],
    [6, 0],
    [6, 4],
    [7, 1],
    [9, 255],
  ] as const) {
    expect(() => readNpy(good.with(at, byte), { file: "a.npy" })).toThrow(FormatError);
  }
  expect(() => readNpy(npy(text("'<f4'") + " ".repeat(70_000), [0, 0, 0, 0], 2))).toThrow(/at most 65536/);
});

test("a mutated file is either a consistent one or refused by a FormatError, never by another error", () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(array, edits, fc.nat(), (tensor, changes, cut) => {
      const bytes = writeNpy(tensor);
      for (const [at, byte] of changes) bytes[at % Math.min(bytes.length, 90)] = byte;
      try {
        const {
          dtype,
          shape,
          bytes: read,
        } = readNpy(bytes.subarray(0, cut % 4 === 0 ? cut % bytes.length : bytes.length));
        expect(read.length).toBe(byteLength(dtype, shape));
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: fuzzRuns },
  );
});

test("refuses to write what NumPy has not, or what does not fit its shape", () => {
  expect(() => writeNpy({ dtype: "BF16", shape: [1], bytes: new Uint8Array(2) })).toThrow(ShapeError);
  expect(() => writeNpy({ dtype: "F32", shape: [1], bytes: new Uint8Array(2) })).toThrow(ShapeError);
  expect(() => writeNpy({ dtype: "F32", shape: Array(40_000).fill(1), bytes: new Uint8Array(4) })).toThrow(ShapeError);
  expect(dtypes.every((dtype) => dtypeBits[dtype] % 8 === 0)).toBe(true);
});

function npy(text: string, data: ArrayLike<number>, version = 1): Uint8Array {
  const header = new TextEncoder().encode(text);
  const length = header.length;
  const lengthBytes = [length & 255, (length >> 8) & 255, ...(version === 1 ? [] : [length >> 16, 0])];
  return Uint8Array.from([0x93, ...Buffer.from("NUMPY"), version, 0, ...lengthBytes, ...header, ...Array.from(data)]);
}
