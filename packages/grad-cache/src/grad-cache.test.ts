import { embedding, l2Normalize, linear } from "@kindred/nn";
import { childKey, normal } from "@kindred/random";
import { type Float, type RowGradient, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  hidden,
  key,
  type Chunk,
  parameters,
  column,
  embed,
  loss,
  numbers,
  plain,
  cached,
  cuts,
  expectSame,
} from "../test-support/small-batch.ts";
import { gradCache } from "./index.ts";

test("any chunk sizes, of each column its own, give the plain value and gradients, dropout on", () => {
  fc.assert(
    fc.property(cuts, ({ rows, sizes }) => expectSame(cached(sizes), plain(rows, sizes.length))),
    { numRuns: 60 },
  );
});

test("mutants: dropout by the row's place in its chunk, and a chunk left out, are noticed", () => {
  const expected = plain(6, 2);
  const sizes = [
    [4, 2],
    [3, 3],
  ];
  expectSame(cached(sizes), expected);
  const byPlace = ({ x, layout }: Chunk, column: number) => {
    const { starts, lengths } = layout.data;
    return embed({ x, layout: { ...layout, data: { starts, lengths } } }, column);
  };
  expectMutantToFail(() => expectSame(cached(sizes, { embed: byPlace }), expected));
  let calls = 0;
  const lastLeftOut = (name: string, part: Float) => {
    if (calls++ < 9) parts[name] = (parts[name] ?? new Float32Array(part.size)).map((x, i) => x + part.dataSync()[i]!);
  };
  const parts: { [name: string]: Float32Array } = {};
  const { value } = cached(sizes, { onGradient: lastLeftOut });
  expectMutantToFail(() => expectSame({ value, gradients: parts }, expected));
});

test("the parts that onGradient gets add up to the gradients, and the record is then empty", () => {
  const sizes = [[2, 3], [5]];
  const sums: { [name: string]: Float32Array } = {};
  const onGradient = (name: string, part: Float) => {
    const values = part.dataSync();
    sums[name] = (sums[name] ?? new Float32Array(values.length)).map((x, i) => x + values[i]!);
  };
  const { value, gradients } = cached(sizes, { onGradient });
  expect(gradients).toEqual({});
  expectSame({ value, gradients: sums }, cached(sizes));
});

test("the rows that onRowGradient gets, of all chunks, add up to the gradient of a table", () => {
  const table: Float<"vocab hidden"> = tf.tensor(normal(childKey(key, "table"), 5 * hidden, {}), [5, hidden]);
  const lookUp = (ids: readonly number[]) =>
    l2Normalize(embedding(Int32Array.from(ids), table) as tf.Tensor) as tf.Tensor;
  const columns = [
    [[0, 1], [3]],
    [[1], [4, 1]],
  ];
  const options = { columns, embed: lookUp, loss, parameters: { table } };
  const sum = new Float32Array(5 * hidden);
  const onRowGradient = (_: string, { rows, values }: RowGradient) => {
    for (const [i, x] of values.dataSync().entries()) sum[hidden * rows[Math.floor(i / hidden)]! + (i % hidden)]! += x;
  };
  const { value } = numbers(gradCache({ ...options, onRowGradient }));
  const whole = numbers(gradCache(options));
  expectSame({ value, gradients: { table: sum } }, whole);
  table.dispose();
});

test("a parameter that no chunk reaches has no gradient", () => {
  const unused: Float = tf.zeros([2]);
  const { gradients } = cached([[2], [2]], { parameters: { ...parameters, unused } });
  expect(Object.keys(gradients).sort()).toEqual(["bias", "first", "second"]);
  unused.dispose();
});

test("weights of the loss's own get their gradients beside the model's, once", () => {
  const projection: Float<"out in"> = tf.tensor(normal(childKey(key, "projection"), 3 * hidden, {}), [3, hidden]);
  const projected = (embeddings: Float[]) => loss(embeddings.map((rows) => linear(rows as tf.Tensor, projection)));
  const all = { ...parameters, projection };
  const whole = [0, 1].map((c) => column(c, [5])[0]!);
  const expected = numbers(valueAndGradients(() => projected(whole.map((chunk, c) => embed(chunk, c))), all));
  const names: string[] = [];
  expectSame(
    cached(
      [
        [2, 3],
        [4, 1],
      ],
      { loss: projected, parameters: all },
    ),
    expected,
  );
  cached(
    [
      [2, 3],
      [4, 1],
    ],
    { loss: projected, parameters: all, onGradient: (name) => names.push(name) },
  );
  expect(names.filter((name) => name === "projection")).toHaveLength(1);
  expectMutantToFail(() =>
    expectSame(
      cached(
        [
          [2, 3],
          [4, 1],
        ],
        { loss: projected },
      ),
      expected,
    ),
  );
  projection.dispose();
});
