import { ConfigError } from "@kindred/errors";
import { type Float, valueAndGradients } from "@kindred/tensor";
import { describePlugins } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { implementWeighRows, weighRowsOp } from "../test-support/toy-programs.ts";
import { xla } from "./xla.ts";

describePlugins("what is recorded", ({ path }) => {
  const reasons: string[] = [];
  let engine: Awaited<ReturnType<ReturnType<typeof xla>["start"]>>;
  let on: <T>(run: () => T) => T;
  beforeAll(async () => {
    engine = await xla({ plugin: path, cacheFolder: false, onCompile: ({ reason }) => reasons.push(reason) }).start();
    on = (run) => engine.devices!.on(0, run); // `!`: this engine has devices
    implementWeighRows();
  });
  beforeEach(() => {
    reasons.length = 0;
  });
  afterAll(() => engine.stop());

  /** The numbers that work gives, and how many programs were made for it. */
  function resultOf(run: () => tf.Tensor): { readonly values: number[]; readonly programs: number } {
    reasons.length = 0;
    const result = on(() => tf.tidy(run));
    const values = [...result.dataSync()];
    result.dispose();
    return { values, programs: reasons.length };
  }

  test("takes arrays, single numbers and where slices begin anew each time", () => {
    const run = (scores: number[], by: number, from: number) =>
      resultOf(() => tf.mul(tf.slice(tf.tensor1d(scores), from, 2), by));
    expect(run([1, 2, 3], 2, 0)).toEqual({ values: [2, 4], programs: 1 });
    expect(run([4, 5, 6], 2, 0)).toEqual({ values: [8, 10], programs: 0 });
    expect(run([4, 5, 6], 3, 0)).toEqual({ values: [12, 15], programs: 0 });
    expect(run([4, 5, 6], 3, 1)).toEqual({ values: [15, 18], programs: 0 });
  });

  test("is another program for another shape, order, fixed number or sharing, and says so", () => {
    const weigh = (left: Float32Array, right: Float32Array, factor: number) => () =>
      weighRowsOp({ x: tf.ones([left.length, 1]) }, { left, right }, { factor, firstRow: 1 });
    const [a, b] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    expect(resultOf(weigh(a, b, 1))).toEqual({ values: [5, 7], programs: 1 });
    expect(resultOf(weigh(a, a, 1))).toEqual({ values: [3, 5], programs: 1 });
    expect(reasons).toEqual(["call 1 of ToyWeighRows gets data right = operand 1, was data right = a new f32 [2]"]);
    expect(resultOf(weigh(b, b, 1))).toEqual({ values: [7, 9], programs: 0 });
    expect(resultOf(weigh(b, a, 1))).toEqual({ values: [5, 7], programs: 0 });
    expect(resultOf(weigh(b, a, 3))).toEqual({ values: [15, 21], programs: 1 });
    expect(reasons).toEqual(["call 1 of ToyWeighRows has factor 3, was 1"]);
    const c = Float32Array.of(1, 2, 3);
    expect(resultOf(weigh(c, c, 1))).toEqual({ values: [3, 5, 7], programs: 1 });
    expect(reasons).toEqual(["call 1 of ToyWeighRows gets x = a new f32 [3, 1], was x = a new f32 [2, 1]"]);
    const order = (first: (x: tf.Tensor) => tf.Tensor, second: (x: tf.Tensor) => tf.Tensor) => () =>
      second(first(tf.tensor1d([-4])));
    expect(resultOf(order(tf.neg, tf.sqrt))).toEqual({ values: [2], programs: 1 });
    expect(resultOf(order(tf.abs, tf.neg))).toEqual({ values: [-4], programs: 1 });
    expect(reasons).toEqual(["call 1 is Abs, was Neg"]);
  });

  test("does not mind that an array is written to after a tensor was made from it", () => {
    const numbers = Float32Array.of(1, 2);
    const first = tf.tensor1d(numbers);
    numbers.fill(7);
    const second = tf.tensor1d(numbers);
    expect([...tf.add(first, second).dataSync()]).toEqual([8, 9]);
    tf.dispose([first, second]);
  });

  test("tells −0 from 0, and NaN from nothing, among fixed numbers", () => {
    const fill = (value: number) => resultOf(() => tf.div(1, tf.fill([1], value))).values;
    expect(fill(0)).toEqual([Number.POSITIVE_INFINITY]);
    expect(fill(-0)).toEqual([Number.NEGATIVE_INFINITY]);
    expect(fill(Number.NaN)).toEqual([Number.NaN]);
    expect(fill(Number.POSITIVE_INFINITY)).toEqual([0]);
  });

  test("may be read when it has run, not before", () => {
    const x = tf.tensor1d([1]);
    expect(() => on(() => tf.add(x, 1).dataSync())).toThrow(ConfigError);
    expect(() => on(() => tf.add(x, 1).dataSync())).toThrow(
      "dataSync: nothing has a value yet. Got a tensor of work that is being recorded, to be run as one program when it ends. Return the tensor and read " +
        "it afterwards, or compute what depends on it with ops: tf.where in the place of if.",
    );
    expect([...on(() => tf.mul(tf.add(x, 1), x.dataSync()[0] ?? 0)).dataSync()]).toEqual([2]); // x has one
    expect(() => on(() => on(() => x))).toThrow(
      "on: work is being recorded. Got other work within it, expected one after another.",
    );
  });

  test("is lost with work that fails, and nothing else is", () => {
    const x = tf.tensor1d([1]);
    let kept: tf.Tensor | undefined;
    const fails = () =>
      on(() => {
        kept = tf.keep(tf.add(x, 1));
        throw new RangeError("no");
      });
    expect(fails).toThrow(new RangeError("no"));
    expect(() => kept?.dataSync()).toThrow(
      "xla: a tensor holds nothing. Got one of [1] from work that failed before it was run",
    );
    expect([...tf.add(x, 1).dataSync()]).toEqual([2]);
    expect(() => on(() => tf.matMul(tf.ones([2, 3]), tf.ones([2, 3])))).toThrow();
    expect([...on(() => tf.add(x, 1)).dataSync()]).toEqual([2]);
  });

  test("is written over by write, for whoever comes after", async () => {
    const x: Float = tf.tensor1d([1, 2, 3]);
    const clone = tf.clone(x);
    const before = tf.mul(x, 10);
    engine.write(x, Float32Array.of(7), 1);
    const after = tf.mul(clone, 10);
    expect([...before.dataSync()]).toEqual([10, 20, 30]);
    expect([...after.dataSync()]).toEqual([10, 70, 30]);
    engine.write(after, Float32Array.of(4, 5, 6));
    const into = new Float32Array(new SharedArrayBuffer(20));
    await engine.read(after, into, 1);
    expect([...into]).toEqual([0, 4, 5, 6, 0]);
    expect(() => engine.write(x, Float32Array.of(1, 2), 2)).toThrow(
      "write: elements do not fit. Got 2 at 2 where there is room for 3",
    );
    await expect(engine.read(tf.tensor1d([1], "int32"), into)).rejects.toThrow(
      "and a int32 tensor of 1, expected float32",
    );
  });

  test("takes the memory of what work disposes, for results of the same shape in the same order", () => {
    const compile = vi.spyOn(engine.client, "compile");
    let weights = [tf.ones([300, 100]), tf.zeros([300, 100])];
    for (let step = 0; step < 3; step++) {
      const before = weights;
      weights = on(() =>
        before.map((weight, i) => {
          const next = tf.keep(tf.add(weight, tf.tensor1d([i + 1])));
          weight.dispose();
          return next;
        }),
      );
    }
    expect(weights.map((weight) => weight.dataSync()[0])).toEqual([4, 6]);
    const [program] = compile.mock.results;
    expect(compile.mock.results.length).toBe(1);
    expect(program?.value.memory().aliased).toBe(2 * 4 * 30_000);
    tf.dispose(weights);
    compile.mockRestore();
  });

  test("needs no more memory and no more programs in 250 steps of five lengths", () => {
    let weight = tf.ones([8, 4]) as Float;
    const step = (rows: number) =>
      on(() => {
        const batch = tf.tensor2d(
          Float32Array.from({ length: 8 * rows }, (_, i) => i / rows),
          [rows, 8],
        );
        const loss = () => tf.mean(tf.square(tf.matMul(batch, weight as tf.Tensor2D))) as Float<"">;
        const { value, gradients } = valueAndGradients(loss, { weight });
        const next = tf.keep(tf.tidy(() => tf.sub(weight, tf.mul(gradients.weight ?? 0, 0.001))));
        tf.dispose([batch, weight, gradients]);
        weight = next;
        return value;
      });
    const counts = new Set<string>();
    for (let i = 0; i < 250; i++) {
      const value = step(2 + (i % 5));
      expect(value.dataSync()[0]).toBeGreaterThan(0);
      value.dispose();
      const { buffers, bytes } = engine.client.live;
      if (i >= 5) counts.add(`${tf.memory().numTensors} ${buffers} ${bytes}`);
    }
    expect(counts.size).toBe(1);
    expect(reasons.length).toBe(5);
    weight.dispose();
  });
});
