import { ShapeError } from "@kindred/errors";
import { arbitraryFloat32Array } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromFloat32, type NamedTensor, toFloat32 } from "./index.ts";

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

test("F32 keeps every bit, at any alignment, and shares no memory", () => {
  fc.assert(
    fc.property(arbitraryFloat32Array({ special: true }), fc.nat(7), (values, shift) => {
      const { bytes, ...rest } = fromFloat32(values, [values.length]);
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const back = toFloat32({ ...rest, bytes: moved.subarray(shift) });
      expect(bits(back)).toEqual(bits(values));
      moved.fill(0x55);
      values.fill(0);
      expect(bits(back)).toEqual(bits(toFloat32({ ...rest, bytes })));
    }),
  );
});

test("without a copy aligned F32 is a view, and everything else as with one", () => {
  const tensor = fromFloat32([1, 2], [2]);
  expect(toFloat32(tensor, { copy: false }).buffer).toBe(tensor.bytes.buffer);
  const shifted = { ...tensor, bytes: Uint8Array.of(0, ...tensor.bytes).subarray(1) };
  expect([...toFloat32(shifted, { copy: false })]).toEqual([1, 2]);
  expect([...toFloat32(fromFloat32([1, 2], [2], "F16"), { copy: false })]).toEqual([1, 2]);
});

test("F64 keeps every value", () => {
  fc.assert(
    fc.property(arbitraryFloat32Array({ special: true }), (values) => {
      expect(toFloat32(fromFloat32(values, [values.length], "F64"))).toEqual(values);
    }),
  );
});

test("halves keep every value that they have, and round the rest", () => {
  const values = [0, -0, 1, -1.5, Infinity];
  for (const dtype of ["F16", "BF16"] as const) expect([...toFloat32(fromFloat32(values, [5], dtype))]).toEqual(values);
  expect([...toFloat32(fromFloat32([1 / 3, 70000], [2], "F16"))]).toEqual([0.333251953125, Infinity]);
});

test.each([
  ["I64", new BigInt64Array([-(2n ** 63n), -1n, 2n ** 24n + 1n]), [-(2 ** 63), -1, 2 ** 24]],
  ["U64", new BigUint64Array([2n ** 64n - 1n]), [2 ** 64]],
  ["I32", Int32Array.of(-(2 ** 31), 7), [-(2 ** 31), 7]],
  ["U32", Uint32Array.of(2 ** 32 - 1), [2 ** 32]],
  ["I16", Int16Array.of(-32768), [-32768]],
  ["U16", Uint16Array.of(65535), [65535]],
  ["I8", Int8Array.of(-128), [-128]],
  ["U8", Uint8Array.of(255), [255]],
  ["BOOL", Uint8Array.of(0, 1), [0, 1]],
  ["F64", Float64Array.of(0.1, 1e300), [Math.fround(0.1), Infinity]],
] as const)("%s is rounded to float32", (dtype, stored, values) => {
  const bytes = new Uint8Array(stored.buffer);
  expect([...toFloat32({ dtype, shape: [stored.length], bytes })]).toEqual([...values]);
});

test("refuses what has no float32 values, and values that do not fill the shape", () => {
  const complex: NamedTensor = { dtype: "C64", shape: [1], bytes: new Uint8Array(8) };
  expect(() => toFloat32(complex)).toThrow(ShapeError);
  expect(() => toFloat32({ dtype: "F8_E4M3", shape: [1], bytes: new Uint8Array(1) })).toThrow(ShapeError);
  expect(() => fromFloat32([1, 2, 3], [2, 2])).toThrow(ShapeError);
  expect(() => fromFloat32([1], [], "I8" as "F32")).toThrow(ShapeError);
});
