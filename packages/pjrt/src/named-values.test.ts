import fc from "fast-check";
import { expect, test } from "vitest";
import { abi } from "./abi.ts";
import { type NamedValues, readNamedValues, writeNamedValues } from "./named-values.ts";
import { loadNative } from "./native.ts";

const native = await loadNative();

test("gives back every list of options that is written", () => {
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.float({ noNaN: true }).filter((number) => !Number.isInteger(number)),
    fc.array(fc.maxSafeInteger()),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), value), (values: NamedValues) => {
      const written = writeNamedValues(native, values);
      const read = readNamedValues(native, written.address, Object.keys(values).length);
      expect(Object.entries(read)).toEqual(
        Object.entries(values).map(([name, entry]) => [name, entry === 0 ? 0 : entry]),
      );
    }),
  );
});

test("declares each value's true size, since they stand in an array", () => {
  const { address } = writeNamedValues(native, { a: 1, b: 2 });
  const bytes = new BigUint64Array(native.memory(address, 2 * abi.sizes.NamedValue));
  expect(abi.sizes.NamedValue).toBe(56);
  expect([bytes[0], bytes[7]]).toEqual([56n, 56n]);
});
