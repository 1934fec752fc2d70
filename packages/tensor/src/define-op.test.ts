import { ConfigError } from "@kindred/errors";
import { opCases, opLaw, throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { cpu, defineOp, type Float, implement, type None, tfjs, valueAndGradients } from "./index.ts";

type Unary = { x: Float };

/** x³, through an intermediate that only a tidy frees. */
const cubeOf = (name: string) =>
  defineOp<Unary, None, None, Float>({
    name,
    check: () => {},
    composite: ({ x }) => tf.mul(tf.square(x), x),
    save: ["x"],
    gradient: (dy, { x }) => ({ x: () => tf.mul(tf.mul(dy, 3), tf.square(x)) }),
  });

test("without an engine an op says what to do", () => {
  const call = () => cubeOf("TestTooEarly")({ x: undefined as unknown as Float }, {}, {});
  expect(call).toThrow(ConfigError);
  expect(call).toThrow("TestTooEarly: no engine runs. Got none, expected one that was started. Await");
});

type Halves = { x: Float<"rows columns">; shift: Float<"columns"> | undefined };
/** Two results, an optional input, one backward computation for several gradients. */
const sumAndProduct = defineOp<Halves, None, { readonly factor: number }, [sum: tf.Tensor, product: tf.Tensor]>({
  name: "TestSumAndProduct",
  check: () => {},
  composite: ({ x, shift }, _, { factor }) => {
    const shifted = shift ? tf.add(x, shift) : x;
    return [tf.sum(shifted, 1), tf.mul(tf.mul(shifted, shifted), factor)];
  },
  save: ["x"],
  saveResult: true,
  gradient: ([dsum, dproduct], { x, result: [, product] }, _, { factor }) => {
    // The shifted x is not saved: its sign is not known from the product, so the test keeps all of it positive.
    const shifted = tf.sqrt(tf.div(product, factor));
    const dx = tf.add(tf.reshape(dsum, [-1, 1]), tf.mul(tf.mul(dproduct, shifted), 2 * factor)) as Float;
    expect(dx.shape).toEqual(x.shape);
    return { x: () => dx, shift: () => tf.sum(dx, 0) };
  },
});
const positive = (seed: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => 0.5 + ((seed + i * 37) % 101) / 64);

opLaw(
  { reference: cpu(), valueAndGradients },
  {
    op: sumAndProduct,
    cases: opCases(
      { x: "rows columns", "shift?": "columns" },
      {
        given: () => fc.constant({ fixed: { factor: 3 } }),
        values: { x: positive, shift: positive },
      },
    ),
    wrt: ["x", "shift"],
    reference: ({ x, shift }, _, { factor }) => {
      const [rows = 0, columns = 0] = x.shape;
      const shifted = x.values.map((v, i) => v + (shift?.values[i % columns] ?? 0));
      const sums = Array.from({ length: rows }, (_, row) =>
        shifted.subarray(row * columns, (row + 1) * columns).reduce((sum, v) => sum + v, 0),
      );
      return [sums, shifted.map((v) => factor * v * v)];
    },
  },
  [cpu(), tfjs()],
);

describe.each([tfjs(), cpu()])("on $name", (engine) => {
  const backend = engine.name === "tfjs" ? "wasm" : "cpu";
  beforeEach(async () => {
    await engine.start();
    throwOnLeaks();
  });

  test("the composite is the kernel, and its intermediates are freed", () => {
    const cube = cubeOf("TestCube");
    const x = tf.tensor1d([1, 2, 3]);
    const blocks = tf.backend().numDataIds();
    const y = cube({ x }, {}, {});
    expect([...y.dataSync()]).toEqual([1, 8, 27]);
    expect(tf.backend().numDataIds()).toBe(blocks + 1);
    tf.dispose([x, y]);
  });

  test("check runs before anything else", () => {
    const refuse = defineOp<Unary, None, None, Float>({
      name: "TestRefuse",
      check: () => {
        throw new RangeError("refused");
      },
      composite: ({ x }) => x,
    });
    expect(() => refuse({ x: tf.scalar(1) }, {}, {})).toThrow("refused");
    expect(tf.getKernel("TestRefuse", backend)).toBeUndefined();
  });

  test("an op that returns its input counts its gradient once", () => {
    const same = defineOp<Unary, None, None, Float>({
      name: "TestSame",
      check: () => {},
      composite: ({ x }) => x,
      gradient: (dy) => ({ x: () => dy }),
    });
    const x: Float = tf.scalar(5);
    const { value, gradients } = valueAndGradients(() => same({ x }, {}, {}), { x });
    expect([value.dataSync()[0], gradients.x!.dataSync()[0]]).toEqual([5, 1]);
    tf.dispose([value, gradients.x!]);
    expect(x.dataSync()[0]).toBe(5);
    x.dispose();
  });

  test("an op that returns one tensor twice gives two that are disposed apart", () => {
    const twice = defineOp<Unary, None, None, [tf.Tensor, tf.Tensor]>({
      name: "TestTwice",
      check: () => {},
      composite: ({ x }) => {
        const y = tf.square(x);
        return [y, y];
      },
    });
    const [first, second] = twice({ x: tf.scalar(3) }, {}, {});
    first.dispose();
    expect(second.dataSync()[0]).toBe(9);
  });

  test("a backend's own kernel runs in place of the composite, whether it comes before or after the first use", () => {
    const constant =
      (value: number) =>
      ({ x }: Unary) =>
        tf.fill(x.shape, value);
    const before = cubeOf("TestBefore");
    const giveBack = implement(before, backend, constant(7));
    const x = tf.tensor1d([1, 2]);
    expect([...before({ x }, {}, {}).dataSync()]).toEqual([7, 7]);
    expect([...before.op.composite({ x }, {}, {}).dataSync()]).toEqual([1, 8]);
    giveBack();
    expect([...before({ x }, {}, {}).dataSync()]).toEqual([1, 8]);

    const after = cubeOf("TestAfter");
    expect([...after({ x }, {}, {}).dataSync()]).toEqual([1, 8]);
    const toComposite = implement(after, backend, constant(9));
    const toNine = implement(after, backend, constant(3));
    expect([...after({ x }, {}, {}).dataSync()]).toEqual([3, 3]);
    toNine();
    expect([...after({ x }, {}, {}).dataSync()]).toEqual([9, 9]);
    toComposite();
    expect([...after({ x }, {}, {}).dataSync()]).toEqual([1, 8]);
  });

  test("a form tuned for a backend runs there instead of the composite, until an engine has a kernel", () => {
    const tuned = defineOp({ ...cubeOf("TestTuned").op, kernels: { wasm: ({ x }) => tf.fill(x.shape, 5) } });
    const x = tf.tensor1d([1, 2]);
    const untouched = backend === "wasm" ? [5, 5] : [1, 8];
    expect([...tuned({ x }, {}, {}).dataSync()]).toEqual(untouched);
    const giveBack = implement(tuned, backend, ({ x }) => tf.fill(x.shape, 7));
    expect([...tuned({ x }, {}, {}).dataSync()]).toEqual([7, 7]);
    giveBack();
    expect([...tuned({ x }, {}, {}).dataSync()]).toEqual(untouched);
  });

  test("defining an op again, as a second copy of a package does, changes nothing and warns of nothing", () => {
    const warnings: unknown[] = [];
    const warn = console.warn;
    console.warn = (...values) => warnings.push(values);
    try {
      const x: Float = tf.scalar(2);
      for (const cube of [cubeOf("TestAgain"), cubeOf("TestAgain")]) {
        const { gradients } = valueAndGradients(() => cube({ x }, {}, {}), { x });
        expect(gradients.x!.dataSync()[0]).toBe(12);
      }
    } finally {
      console.warn = warn;
    }
    expect(warnings).toEqual([]);
  });

  test("data and what is fixed reach the kernel and the gradient by reference", () => {
    const seen: object[] = [];
    const spy = defineOp<Unary, { readonly starts: Int32Array }, { readonly sizes: { readonly batch: number } }, Float>(
      {
        name: `TestSpy${backend}`,
        check: () => {},
        composite: ({ x }, { starts }, { sizes }) => {
          seen.push(starts, sizes);
          return tf.clone(x);
        },
        gradient: (dy, _, { starts }, { sizes }) => {
          seen.push(starts, sizes);
          return { x: () => dy };
        },
      },
    );
    const [starts, sizes] = [Int32Array.of(0, 1), Object.freeze({ batch: 1 })];
    const x: Float = tf.scalar(1);
    valueAndGradients(() => spy({ x }, { starts }, { sizes }), { x });
    expect(seen.length).toBe(4);
    for (const [i, each] of seen.entries()) expect(each).toBe([starts, sizes][i % 2]);
  });
});
