import { ConfigError, ShapeError } from "@kindred/errors";
import { throwOnLeaks } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { inUse } from "../test-support/in-use.ts";
import {
  activeEngine,
  cpu,
  defineOp,
  type Float,
  type None,
  rowGradient,
  tfjs,
  toFloat32Array,
  valueAndGradients,
} from "./index.ts";

describe.each([tfjs(), cpu()])("on $name", (engine) => {
  beforeEach(async () => {
    await engine.start();
    throwOnLeaks();
  });

  test("x·y + y² at (3, 2) is 10 with gradients (2, 7), and disposing them leaves nothing", () => {
    const before = inUse();
    const parameters: Record<"x" | "y", Float<"">> = { x: tf.scalar(3), y: tf.scalar(2) };
    const { x, y } = parameters;
    const { value, gradients } = valueAndGradients(() => tf.add(tf.mul(x, y), tf.square(y)) as Float<"">, parameters);
    expect([value, gradients.x!, gradients.y!].map((t) => t.dataSync()[0])).toEqual([10, 2, 7]);
    tf.dispose([value, gradients.x!, gradients.y!, x, y]);
    expect(inUse()).toEqual(before);
  });

  // A random program: each step makes a new value from two earlier ones. Values are reused, skipped, and may not reach the end.
  const step = fc.record({ op: fc.constantFrom("add", "mul", "sub", "scaledTanh"), a: fc.nat(), b: fc.nat() });
  const program = fc.record({
    parameters: fc.integer({ min: 1, max: 4 }),
    steps: fc.array(step, { minLength: 1, maxLength: 12 }),
  });
  const run = (steps: readonly { op: string; a: number; b: number }[], parameters: readonly tf.Tensor[]): tf.Tensor => {
    const values = [...parameters];
    for (const { op, a, b } of steps) {
      const [x, y] = [values[a % values.length]!, values[b % values.length]!];
      if (op === "add") values.push(tf.add(x, y));
      else if (op === "sub") values.push(tf.sub(x, y));
      else if (op === "mul") values.push(tf.mul(x, y));
      else values.push(tf.tanh(x));
    }
    return tf.sum(values.at(-1)!);
  };

  test("any program has the gradients that tfjs computes, bit for bit, and the absent ones are absent", () => {
    fc.assert(
      fc.property(program, ({ parameters: count, steps }) => {
        const before = inUse();
        const tensors = Array.from({ length: count }, (_, i) => tf.tensor1d([0.5 - i, 0.25 * i + 0.125, -0.75]));
        const parameters = Object.fromEntries(tensors.map((tensor, i) => [`p${i}`, tensor]));
        const ours = valueAndGradients(() => run(steps, tensors), parameters);
        const theirs = tf.engine().gradients(() => run(steps, tensors), tensors, undefined, true);
        expect(toFloat32Array(ours.value)).toEqual(toFloat32Array(theirs.value));
        for (const [i, want] of theirs.grads.entries()) {
          const got = ours.gradients[`p${i}`];
          expect(got && toFloat32Array(got)).toEqual(want && toFloat32Array(want));
        }
        tf.dispose([ours.value, theirs.value, ...tensors]);
        tf.dispose([...Object.values(ours.gradients), ...theirs.grads].filter((t) => t));
        expect(inUse()).toEqual(before);
      }),
      { numRuns: 60 },
    );
  });

  test("upstream is where the gradient starts; a value that is no scalar needs it, in its shape", () => {
    const x: Float<"n"> = tf.tensor1d([1, 2, 3]);
    const upstream: Float<"n"> = tf.tensor1d([1, 0, -1]);
    const square = () => tf.square(x) as Float<"n">;
    const { gradients } = valueAndGradients(square, { x }, { upstream });
    expect([...gradients.x!.dataSync()]).toEqual([2, 0, -6]);
    expect(upstream.isDisposed).toBe(false);
    const before = inUse();
    expect(() => valueAndGradients(square, { x })).toThrow(ShapeError);
    expect(() => valueAndGradients(square, { x })).toThrow(
      "valueAndGradients: f's value is not a scalar. Got float32 [3], expected float32 []. Sum it up, or give its gradient as upstream.",
    );
    expect(() => valueAndGradients(square, { x }, { upstream: tf.scalar(1) })).toThrow(ShapeError);
    expect(inUse()).toMatchObject({
      ...before,
      tensors: before.tensors + 1,
      bytes: before.bytes + 4,
      blocks: before.blocks + 1,
    });
  });

  test("a parameter that f returns as it is has the upstream gradient, and survives the value", () => {
    const x: Float = tf.scalar(4);
    const { value, gradients } = valueAndGradients(() => x, { x });
    value.dispose();
    expect([x.dataSync()[0], gradients.x!.dataSync()[0]]).toEqual([4, 1]);
  });

  test("onGradient gets each gradient once, when it is final, from the last used parameter to the first", () => {
    const layers = Object.fromEntries(["first", "second", "third"].map((name, i) => [name, tf.scalar(i + 2)]));
    const { first, second, third } = layers as Record<string, tf.Tensor>;
    const got: [string, number][] = [];
    const before = inUse();
    const { value, gradients } = valueAndGradients(() => tf.mul(tf.mul(tf.square(first!), second!), third!), layers, {
      onGradient: (name, gradient) => {
        got.push([name, gradient.dataSync()[0]!]);
      },
    });
    expect(got).toEqual([
      ["third", 12],
      ["second", 16],
      ["first", 48],
    ]);
    expect(gradients).toEqual({});
    value.dispose();
    expect(inUse()).toEqual(before);
  });

  test("a parameter used twice is final only after both uses, and may be overwritten then", () => {
    const weight: Float = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const x = tf.tensor2d([[1, -1]]);
    const f = () => tf.sum(tf.matMul(tf.matMul(x, weight), weight));
    const plain = valueAndGradients(f, { weight });
    const want = toFloat32Array(plain.gradients.weight!);
    let calls = 0;
    valueAndGradients(
      f,
      { weight },
      {
        onGradient: (_, gradient) => {
          calls++;
          expect(toFloat32Array(gradient)).toEqual(want);
          activeEngine().write(weight, Float32Array.of(0, 0, 0, 0));
        },
      },
    );
    expect(calls).toBe(1);
    expect(f().dataSync()[0]).toBe(0);
  });

  // Looks rows up, as an embedding does: the smallest op whose gradient can be told row by row.
  const lookUp = defineOp<{ table: Float }, { readonly rows: Int32Array }, None, Float>({
    name: "TestLookUp",
    check: () => {},
    composite: ({ table }, { rows }) => tf.gather(table, tf.tensor1d(rows, "int32")),
    gradient: (dy, _saved, { rows }) => ({
      table: rowGradient({ rows, values: dy as tf.Tensor }, () =>
        tf.unsortedSegmentSum(dy, tf.tensor1d(rows, "int32"), 3),
      ),
    }),
  });

  test("with onRowGradient, rows and the rest add up to the gradient, each use of a table by itself", () => {
    const before = inUse();
    const parameters: Record<"table", Float> = { table: tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]) };
    const { table } = parameters;
    // Two look-ups of the parameter, one of something made from it, whose gradient can only be dense, and a plain use.
    const uses = () => [
      lookUp({ table }, { rows: Int32Array.of(2, 0, 2) }, {}),
      lookUp({ table }, { rows: Int32Array.of(1) }, {}),
      lookUp({ table: tf.mul(table, 3) }, { rows: Int32Array.of(0) }, {}),
      table,
    ];
    const f = () => tf.sum(tf.square(tf.concat(uses(), 0)));
    const whole = valueAndGradients(f, parameters);
    const sum = new Float32Array(6);
    const calls: string[] = [];
    const { value } = valueAndGradients(f, parameters, {
      onGradient: (name, gradient) => {
        calls.push(`${name} dense`);
        for (const [i, x] of toFloat32Array(gradient).entries()) sum[i]! += x;
      },
      onRowGradient: (name, { rows, values }) => {
        calls.push(`${name} ${rows}`);
        for (const [i, x] of toFloat32Array(values).entries()) sum[2 * rows[i >> 1]! + (i % 2)]! += x;
      },
    });
    expect(calls).toEqual(["table 1", "table 2,0,2", "table dense"]);
    expect(sum).toEqual(toFloat32Array(whole.gradients.table!));
    tf.dispose([table, value, whole.value, whole.gradients.table!]);
    expect(inUse()).toEqual(before);
  });

  test("a throw of onRowGradient leaves nothing behind", () => {
    const before = inUse();
    const table: Float = tf.ones([3, 2]);
    const f = () => tf.sum(lookUp({ table }, { rows: Int32Array.of(0) }, {}));
    const onRowGradient = () => {
      throw new Error("no room");
    };
    expect(() => valueAndGradients(f, { table }, { onRowGradient })).toThrow("no room");
    table.dispose();
    expect(inUse()).toEqual(before);
  });

  test("nests in a gradient function, which recomputes a part of the model there", () => {
    const part = (x: tf.Tensor, w: tf.Tensor) => tf.tanh(tf.mul(tf.square(x), w));
    const checkpoint = defineOp<{ x: Float; w: Float }, None, None, Float>({
      name: "TestCheckpoint",
      check: () => {},
      composite: ({ x, w }) => part(x, w),
      save: ["x", "w"],
      gradient: (dy, inner) => {
        const { gradients } = valueAndGradients(
          () => part(inner.x, inner.w),
          { x: inner.x, w: inner.w },
          { upstream: dy },
        );
        return { x: () => gradients.x!, w: () => gradients.w! };
      },
    });
    const before = inUse();
    const parameters: Record<"x" | "w", Float> = { x: tf.tensor1d([0.5, -1]), w: tf.tensor1d([0.25, 2]) };
    const { x, w } = parameters;
    const plain = valueAndGradients(() => tf.sum(tf.square(part(x, w))), parameters);
    const nested = valueAndGradients(() => tf.sum(tf.square(checkpoint({ x, w }, {}, {}))), parameters);
    for (const name of ["x", "w"] as const) {
      expect(toFloat32Array(nested.gradients[name]!)).toEqual(toFloat32Array(plain.gradients[name]!));
    }
    tf.dispose([x, w, ...[plain, nested].flatMap(({ value, gradients }) => [value, gradients.x!, gradients.w!])]);
    expect(inUse()).toEqual(before);
  });

  test("inside another f its ops are not recorded: its results are constants there", () => {
    const x: Float = tf.scalar(3);
    const outer = valueAndGradients(
      () => {
        const inner = valueAndGradients(() => tf.square(x), { x });
        return tf.mul(x, inner.gradients.x!);
      },
      { x },
    );
    expect(outer.gradients.x!.dataSync()[0]).toBe(6); // d(x·6)/dx, not d(2x²)/dx
  });

  test("one tensor under two names is refused", () => {
    const x: Float = tf.scalar(1);
    expect(() => valueAndGradients(() => tf.square(x), { a: x, b: x })).toThrow(ConfigError);
    expect(() => valueAndGradients(() => tf.square(x), { a: x, b: x })).toThrow("Got it as a and b");
  });
});
