import { ShapeError } from "@kindred/errors";
import { arbitraryFloat32Array } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { soloCore } from "./solo-core.ts";

const core = soloCore();

test("every collective of a mesh of one gives its argument, as a copy", () => {
  fc.assert(
    fc.property(arbitraryFloat32Array({ special: true }), (array) => {
      for (const collective of ["allReduce", "reduceScatter", "allGather"] as const) {
        const result = core[collective](array);
        expect(result).toEqual(array);
        expect(result).not.toBe(array);
      }
      expect(core.broadcast(array)).toBe(array);
    }),
  );
});

test("`into` receives the result, and is refused if it has another length", () => {
  const into = new Float32Array(2);
  expect(core.allGather(Float32Array.of(1, 2), { into })).toBe(into);
  expect([...into]).toEqual([1, 2]);
  expect(() => core.allReduce(Float32Array.of(1), { into })).toThrow(ShapeError);
});

test("counts that do not add up and element types that are not carried are refused", () => {
  expect(() => core.reduceScatter(Float32Array.of(1), { counts: [2] })).toThrow(/counts do not divide/);
  expect(() => core.allGather(new BigInt64Array(1) as never)).toThrow(/BigInt64Array/);
});

test("scalars pass through, and messages reach whoever asked for them", () => {
  const posted: unknown[] = [];
  const talking = soloCore((message) => posted.push(message));
  talking.post("half");
  expect(posted).toEqual(["half"]);
  expect(core.allReduceScalar(0.1)).toBe(0.1);
  expect([...core.allGatherScalar(0.1)]).toEqual([0.1]);
});
