import { FormatError } from "@kindred/errors";
import { fromFloat32, type NamedTensor, toFloat32 } from "@kindred/tensor-files";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { staticTable } from "./static-table.ts";
import { tensorsInMemory } from "./stored-tensors.ts";

const int8 = (values: readonly number[], shape: readonly number[]): NamedTensor => ({
  ...{ dtype: "I8", shape },
  bytes: new Uint8Array(Int8Array.from(values).buffer),
});
const int64 = (values: readonly number[]): NamedTensor => ({
  ...{ dtype: "I64", shape: [values.length] },
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
const foldedOf = async (tensors: { readonly [name: string]: NamedTensor }) => {
  const table = staticTable(tensorsInMemory(Object.entries(tensors), "model.safetensors"));
  const stored = await table.read("embedding.weight");
  expect(table.tensors.get("embedding.weight")).toMatchObject({ dtype: stored.dtype, shape: stored.shape });
  return { shape: stored.shape, dtype: stored.dtype, values: [...toFloat32(stored)] };
};

test("a table that needs nothing is given as it is stored", async () => {
  const half = fromFloat32([1, 2, 3, 4], [2, 2], "F16");
  expect(await foldedOf({ "embedding.weight": half })).toEqual({ shape: [2, 2], dtype: "F16", values: [1, 2, 3, 4] });
  expect(await foldedOf({ embeddings: int8([1, -2, 3, -4], [2, 2]) })).toEqual({
    ...{ shape: [2, 2], dtype: "F32" },
    values: [1, -2, 3, -4],
  });
});

test("every token has the row that it is mapped to, times its own weight", async () => {
  const law = (rowOf: (mapping: readonly number[], token: number) => number) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 6, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 7 }),
        async (table, tokens) => {
          const mapping = tokens.map(([row]) => row);
          const { values, shape } = await foldedOf({
            embeddings: fromFloat32(table, [3, 2], "F16"),
            mapping: int64(mapping),
            weights: fromFloat32(
              tokens.map(([, eighths]) => eighths / 8),
              [tokens.length],
              "F64",
            ),
          });
          expect(shape).toEqual([tokens.length, 2]);
          const expected = tokens.flatMap(([, eighths], token) =>
            [0, 1].map((k) => ((table[2 * rowOf(mapping, token) + k] ?? 0) * eighths) / 8),
          );
          for (const [i, value] of values.entries()) expect(value + 0).toBe((expected[i] ?? 0) + 0); // −0 is 0
        },
      ),
    );
  await law((mapping, token) => mapping[token] ?? 0);
  await expectMutantToFail(async () => law((mapping) => mapping[0] ?? 0));
});

test.each<[what: string, tensors: { readonly [name: string]: NamedTensor }, message: string]>([
  ["no table", { other: fromFloat32([1], [1]) }, "no table of tokens. Expected embedding.weight or embeddings"],
  ["a list", { embeddings: fromFloat32([1, 2], [2]) }, "embeddings is no table. Got [2]"],
  ["no features", { embeddings: fromFloat32([], [2, 0]) }, "is no table"],
  [
    "too few weights",
    { embeddings: fromFloat32([1, 2], [2, 1]), weights: fromFloat32([1], [1]) },
    "weights does not fit",
  ],
])("refuses %s", async (_, tensors, message) => {
  expect(() => staticTable(tensorsInMemory(Object.entries(tensors), "model.safetensors"))).toThrow(FormatError);
  expect(() => staticTable(tensorsInMemory(Object.entries(tensors), "model.safetensors"))).toThrow(message);
});

test("refuses a mapping out of the table when it is read", async () => {
  await expect(foldedOf({ embeddings: fromFloat32([1, 2], [2, 1]), mapping: int64([0, 2]) })).rejects.toThrow(
    "mapping leads outside the table. Got row 2 for token 1, expected one of 2",
  );
});
