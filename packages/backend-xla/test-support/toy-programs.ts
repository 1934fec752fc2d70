import { floatsFromSeed } from "@kindred/testing";
import { defineOp, type Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { implementRule } from "../src/implement-rule.ts";

type Weights = { readonly left: Float32Array; readonly right: Float32Array };
type Fixed = { readonly factor: number; readonly firstRow: number };

const columns = 3;

/** x·left + right + firstRow, times a factor: data that may be one array twice, a fixed number, and one that is an operand. */
export const weighRowsOp = defineOp<{ x: Float }, Weights, Fixed, Float>({
  name: "ToyWeighRows",
  check: () => {},
  composite: ({ x }, { left, right }, { factor, firstRow }) =>
    tf.mul(
      tf.add(tf.add(tf.mul(x, tf.tensor2d(left, [left.length, 1])), tf.tensor2d(right, [right.length, 1])), firstRow),
      factor,
    ),
});

/** Makes the op a rule; a `mutant` leaves the factor out of what tells two calls apart. */
export function implementWeighRows({ mutant = false }: { readonly mutant?: boolean } = {}): void {
  implementRule(
    weighRowsOp,
    (graph, { x }, { left, right, firstRow }, fixed) => {
      const perRow = (value: typeof left) => graph.reshape(value, [x.shape[0] ?? 0, 1]);
      const sum = graph.binary("add", graph.binary("multiply", x, perRow(left)), perRow(right));
      const shifted = graph.binary("add", sum, graph.convert(firstRow, "f32"));
      return graph.binary("multiply", shifted, "factor" in fixed ? Number(fixed.factor) : 2);
    },
    { operands: ["firstRow"], ...(mutant && { perDevice: ["factor" as never] }) },
  );
}

/** One step of a toy program; `from` and `other` are numbers of earlier matrices, taken modulo how many there are. */
export type ToyCall =
  | { readonly call: "add"; readonly from: number; readonly other: number }
  | { readonly call: "scale"; readonly from: number; readonly by: number }
  | { readonly call: "score"; readonly from: number; readonly seed: number }
  | { readonly call: "slice"; readonly from: number; readonly begin: number; readonly rows: number }
  | { readonly call: "pad"; readonly from: number; readonly before: number; readonly after: number }
  | { readonly call: "product"; readonly from: number; readonly other: number }
  | {
      readonly call: "weigh";
      readonly from: number;
      readonly seed: number;
      readonly shared: boolean;
      readonly factor: number;
      readonly firstRow: number;
    };

const from = fc.nat(9);
const calls: readonly fc.Arbitrary<ToyCall>[] = [
  fc.record({ call: fc.constant("add"), from, other: fc.nat(9) }),
  fc.record({ call: fc.constant("scale"), from, by: fc.integer({ min: -3, max: 3 }) }),
  fc.record({ call: fc.constant("score"), from, seed: fc.nat(99) }),
  fc.record({ call: fc.constant("slice"), from, begin: fc.nat(3), rows: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ call: fc.constant("pad"), from, before: fc.nat(2), after: fc.nat(1) }),
  fc.record({ call: fc.constant("product"), from, other: fc.nat(9) }),
  fc.record({
    call: fc.constant("weigh"),
    from,
    seed: fc.nat(99),
    shared: fc.boolean(),
    factor: fc.integer({ min: 1, max: 3 }),
    firstRow: fc.nat(3),
  }),
];

/** The same kind of call so many times, each with numbers of its own. */
export function arbitraryToyCalls(count: number): fc.Arbitrary<ToyCall[]> {
  const length = { minLength: count, maxLength: count };
  return fc.oneof(...calls.map((call) => fc.array(call, length)));
}

/** What a toy program gives for a first matrix: the last ones that it made. All else is disposed. */
export function runToy(program: readonly ToyCall[], first: tf.Tensor2D): tf.Tensor[] {
  return tf.tidy(() => {
    const made: tf.Tensor2D[] = [first];
    const at = (number: number): tf.Tensor2D => made[number % made.length] ?? first;
    for (const step of program) made.push(next(step, at(step.from), at));
    return made.slice(-2).map((matrix) => tf.clone(matrix));
  });
}

function next(step: ToyCall, x: tf.Tensor2D, at: (number: number) => tf.Tensor2D): tf.Tensor2D {
  const [rows] = x.shape;
  switch (step.call) {
    case "add": {
      const other = at(step.other);
      const least = Math.min(rows, other.shape[0]);
      return tf.add(tf.slice(x, 0, least), tf.slice(other, 0, least));
    }
    case "scale":
      return tf.mul(x, step.by);
    case "score":
      return tf.mul(x, tf.tensor2d(floatsFromSeed(step.seed, rows), [rows, 1]));
    case "slice": {
      const count = Math.min(step.rows, rows);
      return tf.slice(x, [Math.min(step.begin, rows - count), 0], [count, -1]);
    }
    case "pad":
      return rows > 9
        ? tf.neg(x)
        : tf.pad(x, [
            [step.before, step.after],
            [0, 0],
          ]);
    case "product":
      return tf.matMul(x, tf.matMul(at(step.other), at(step.other), true, false));
    case "weigh": {
      const left = floatsFromSeed(step.seed, rows);
      const right = step.shared ? left : floatsFromSeed(step.seed + 1, rows);
      return weighRowsOp({ x }, { left, right }, { factor: step.factor, firstRow: step.firstRow }) as tf.Tensor2D;
    }
  }
}

/** A first matrix of so many rows. */
export function toyMatrix(seed: number, rows: number): tf.Tensor2D {
  return tf.tensor2d(floatsFromSeed(seed, rows * columns), [rows, columns]);
}
