import { ShapeError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shardArray, unshardArrays } from "./shard-array.ts";

const specs = ["a b c", "a@data b c", "a b@data c", "a b c@data"];
const anyCase = fc.record({
  spec: fc.constantFrom(...specs),
  shape: fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)),
  cores: fc.integer({ min: 1, max: 7 }),
});

/** The elements 0, 1, 2, …: each says where it came from. */
const counted = (shape: readonly number[]) =>
  Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);

test("a middle axis is cut in every row", () => {
  const shards = shardArray(Int32Array.of(1, 2, 3, 4, 5, 6), "row column@data", { shape: [2, 3], cores: 2 });
  expect(shards).toEqual([Int32Array.of(1, 2, 4, 5), Int32Array.of(3, 6)]);
});

test("unshard∘shard is the identity, whatever the spec, the sizes and the number of cores", () => {
  fc.assert(
    fc.property(anyCase, ({ spec, shape, cores }) => {
      const array = counted(shape);
      expect(unshardArrays(shardArray(array, spec, { shape, cores }), spec, { shape })).toEqual(array);
    }),
  );
});

test("the law above notices shards in the wrong order", () => {
  const shape = [4, 1, 1];
  const shards = shardArray(counted(shape), "a@data b c", { shape, cores: 2 }).reverse();
  expectMutantToFail(() => expect(unshardArrays(shards, "a@data b c", { shape })).toEqual(counted(shape)));
});

test("a cut array is dealt out once, an uncut one is whole on every core", () => {
  fc.assert(
    fc.property(anyCase, ({ spec, shape, cores }) => {
      const held = shardArray(counted(shape), spec, { shape, cores }).flatMap((shard) => [...shard]);
      const copies = spec.includes("@") ? 1 : cores;
      expect(held.sort((a, b) => a - b)).toEqual([...counted(shape)].flatMap((i) => Array(copies).fill(i)));
    }),
  );
});

test("refuses a shape that does not fit the array or the spec, and parts that do not fit the shape", () => {
  expect(() => shardArray(new Float32Array(5), "a@data b", { shape: [2, 3], cores: 2 })).toThrow(ShapeError);
  expect(() => shardArray(new Float32Array(6), "a@data", { shape: [2, 3], cores: 2 })).toThrow(ShapeError);
  expect(() => unshardArrays([new Float32Array(5)], "a@data b", { shape: [2, 3] })).toThrow(/Got 1 of \[5\]/);
  expect(() => unshardArrays([], "a@data b", { shape: [2, 3] })).toThrow(ShapeError);
});
