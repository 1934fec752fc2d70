import { ShapeError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parameterShards, parameterViews } from "./store-memory.ts";

const anySizes = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.nat(50), { maxKeys: 8 });
const anyCores = fc.integer({ min: 1, max: 9 });

test("a parameter may be cut between two cores", () => {
  const { shards } = parameterShards({ weight: 5, bias: 1 }, 2);
  expect(shards).toEqual([
    { start: 0, length: 3, pieces: [{ name: "weight", offset: 0, start: 0, length: 3 }] },
    {
      start: 3,
      length: 3,
      pieces: [
        { name: "weight", offset: 3, start: 3, length: 2 },
        { name: "bias", offset: 0, start: 5, length: 1 },
      ],
    },
  ]);
});

test("every element of every parameter has one owner, and is found under its own name", () => {
  fc.assert(
    fc.property(anySizes, anyCores, (sizes, cores) => {
      const shards = parameterShards(sizes, cores);
      const vector = new Float32Array(shards.length);
      for (let core = 0; core < cores; core++) {
        for (const own of Object.values(parameterViews(shards, vector, { core }))) {
          for (let i = 0; i < own.length; i++) own[i] = own[i]! + core + 1;
        }
      }
      const owners = shards.shards.flatMap(({ length }, core) => Array(length).fill(core + 1));
      expect([...vector]).toEqual(owners);
      const whole = parameterViews(shards, vector);
      expect(Object.entries(whole).map(([name, { length }]) => [name, length])).toEqual(Object.entries(sizes));
      for (const { pieces } of shards.shards) {
        for (const { name, offset, start, length } of pieces) {
          expect(whole[name]!.subarray(offset, offset + length)).toEqual(vector.subarray(start, start + length));
        }
      }
    }),
  );
});

test("no core owns more than one element more than another", () => {
  fc.assert(
    fc.property(anySizes, anyCores, (sizes, cores) => {
      const lengths = parameterShards(sizes, cores).shards.map(({ length }) => length);
      expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
    }),
  );
});

test("views refuse a vector of another length and a core that is not there", () => {
  const shards = parameterShards({ a: 3 }, 2);
  expect(() => parameterViews(shards, new Float32Array(4))).toThrow(ShapeError);
  expect(() => parameterViews(shards, new Float32Array(3), { core: 2 })).toThrow(ShapeError);
});
