import { ConfigError, OutOfMemoryError, ShapeError } from "@kindred/errors";
import {
  embedding,
  type FrozenSpec,
  type FrozenWeights,
  geluLinear,
  l2Normalize,
  linear,
  packWeight,
  positionBias,
} from "@kindred/nn";
import { relaxedSimdWorks } from "@kindred/side-module";
import { type Float, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { append } from "./room-beside.ts";
import type { KernelVariant } from "../kernel-variant.ts";
import { wasm } from "../wasm.ts";

const variants: readonly KernelVariant[] = relaxedSimdWorks() ? ["simd", "relaxed", "wide"] : ["simd"];
const pages = 2 ** 16;

/** Weights with these numbers at these addresses, and the tensors that stand for them. */
function put(frozen: FrozenWeights, weights: readonly (readonly [spec: FrozenSpec, values: Float32Array])[]): Float[] {
  let end = 64;
  const places = weights.map(([spec, values]) => {
    const address = end;
    end += Math.ceil(frozen.bytes(spec) / 64) * 64;
    return { spec, values, address };
  });
  frozen.reserve(end);
  for (const { spec, values, address } of places) {
    const { write, finish } = frozen.receive(spec, address);
    write(values.subarray(0, 7));
    write(values.subarray(7));
    finish();
  }
  return places.map(({ spec, address }) => frozen.tensor(spec, address));
}

describe.each(variants)("%s", (variant) => {
  let engine: Awaited<ReturnType<ReturnType<typeof wasm>["start"]>>;
  beforeEach(async () => {
    engine = await wasm({ variant }).start();
  });
  afterEach(() => engine.stop());

  test.each([false, true])(
    "products by a frozen weight are those by a packed one, to the last bit, however many rows (shared: %s)",
    async (shared) => {
      const memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared });
      const frozen = await engine.frozenWeights(memory, "float32");
      frozen.reserve(2 ** 20); // for the largest
      const law = (change: (values: Float32Array) => Float32Array) =>
        fc.assert(
          fc.property(
            fc.constantFrom(1, 2, 7, 14, 255, 256, 257, 600),
            fc.constantFrom(16, 48, 128),
            fc.constantFrom(1, 3, 64, 785),
            fc.boolean(),
            (rows, out, inner, hasBias) => {
              const spec = { kind: "matrix", shape: [out, inner] } as const;
              const values = floatsFromSeed(1, out * inner);
              const [kept] = put(frozen, [[spec, values]]) as [Float];
              tf.tidy(() => {
                const x = tf.tensor2d(floatsFromSeed(rows, rows * inner), [rows, inner]) as Float;
                const bias: Float | undefined = hasBias ? tf.tensor1d(floatsFromSeed(2, out)) : undefined;
                const packed = packWeight(tf.tensor2d(values, [out, inner]) as Float);
                for (const map of [linear, geluLinear])
                  expect(change(map(x, kept, bias).dataSync() as Float32Array)).toBeCloseToArray(
                    map(x, packed, bias).dataSync() as Float32Array,
                    { tolerance: 0 },
                  );
              });
              kept.dispose();
            },
          ),
          { numRuns: 12 },
        );
      law((values) => values);
      await expectMutantToFail(() =>
        law((values) => values.map((value, i) => (i === 3 ? value * (1 + 2 ** -23) : value))),
      );
    },
    60_000,
  );

  test("rows of a frozen table are those of the table, and so are biases by distance", async () => {
    const frozen = await engine.frozenWeights(new WebAssembly.Memory({ initial: 1, maximum: pages }), "float32");
    const [rows, features] = [9, 5];
    const values = floatsFromSeed(1, rows * features);
    const spec = { kind: "table", shape: [rows, features] } as const;
    const [table] = put(frozen, [
      [spec, values],
      [spec, values.map((value) => -value)],
    ]) as [Float];
    const own = tf.tensor2d(values, [rows, features]) as Float;
    const ids = Int32Array.of(8, 0, 0, 3);
    expect(embedding(ids, table).dataSync()).toEqual(embedding(ids, own).dataSync());
    expect(() => embedding(Int32Array.of(9), table)).toThrow(ShapeError);
    const buckets = Int32Array.of(8, 1, 1, 0, 2);
    expect(positionBias(table, buckets).dataSync()).toEqual(positionBias(own, buckets).dataSync());
  });
});

test("two that share a memory read what one of them has put, in the layout that they agree on", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true });
  const spec = { kind: "matrix", shape: [32, 40] } as const;
  const values = floatsFromSeed(1, 32 * 40);
  const x = floatsFromSeed(2, 3 * 40);
  let layout = 0;
  const agree = (own: number) => (layout ||= own);
  const results: Float32Array[] = [];
  for (const variant of variants.toReversed()) {
    const { frozenWeights, stop } = await wasm({ variant }).start();
    const frozen = await frozenWeights(memory, "float32", agree);
    if (results.length === 0) put(frozen, [[spec, values]]);
    tf.tidy(() => {
      const y = linear(tf.tensor2d(x, [3, 40]) as Float, frozen.tensor(spec, 64));
      results.push(y.dataSync() as Float32Array);
    });
    stop();
  }
  for (const result of results) expect(result).toEqual(results[0]);
});

test("what has no numbers is refused by every other op, and has no gradient", async () => {
  const { frozenWeights, stop } = await wasm().start();
  const frozen = await frozenWeights(new WebAssembly.Memory({ initial: 1, maximum: pages }), "float32");
  const [weight] = put(frozen, [[{ kind: "matrix", shape: [16, 4] }, floatsFromSeed(1, 64)]]) as [Float];
  const x = tf.ones([2, 4]) as Float;
  expect(() => l2Normalize(weight, { epsilon: 0 })).toThrow(ShapeError);
  expect(() => l2Normalize(weight, { epsilon: 0 })).toThrow(/stands for a frozen weight, whose numbers lie elsewhere/);
  expect(() => linear(weight, tf.ones([16, 4]) as Float)).toThrow(/x stands for a frozen weight/);
  expect(() => linear(tf.ones([2, 5]) as Float, weight)).toThrow(ShapeError);
  expect(() => linear(tf.ones([2, 8]) as Float, tf.reshape(weight, [8, 8]))).toThrow(/stands for a frozen weight/);
  expect(() => tf.gather(weight, tf.tensor1d([0], "int32"))).toThrow(/numeric tensor/);
  expect(() => valueAndGradients(() => tf.sum(linear(x, weight)) as Float<"">, { x })).toThrow(ConfigError);
  const before = tf.memory().numBytes;
  weight.dispose();
  expect(tf.memory().numBytes).toBe(before);
  stop();
});

test("a memory that is full says so", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const { frozenWeights, stop } = await wasm().start();
  const frozen = await frozenWeights(memory, "float32");
  frozen.reserve(2 ** 16);
  frozen.reserve(2 ** 17);
  expect(memory.buffer.byteLength).toBe(2 ** 17);
  expect(() => frozen.reserve(2 ** 17 + 1)).toThrow(OutOfMemoryError);
  expect(() => append(memory, 5 * 2 ** 30)).toThrow(
    /5120\.0 MiB more do not fit.*at most 4096\.0 MiB.*bfloat16 or int8/,
  );
  stop();
});
