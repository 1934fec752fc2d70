import { expectMutantToFail, floatsFromSeed, type Numbers, opCases } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { at, checkPlainLaw, elements, type PlainLaw, plainLaws } from "../../test-support/plain-laws.ts";
import { cpu, valueAndGradients } from "../index.ts";
import { movementGradients } from "./movements.ts";

type Index = readonly number[];
type Reference = { readonly [name: string]: Numbers };

const fixed = (axes: string) => opCases({ x: axes });
const distinct = (seed: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => (((i * 617 + seed) % 4093) / 4093) * 4 - 2);

/** The reference of a function that only moves elements: where each element of the result comes from. */
const moved =
  (shape: Index, from: (index: Index) => Index) =>
  ({ x }: Reference) =>
    elements(shape, (index) => at(x!, from(index)));

/** The place at which a row of length `size` mirrored at its ends is read. */
const mirrored = (i: number, size: number, reflect: boolean) => {
  const skip = reflect ? 1 : 0;
  if (i < 0) return -i - 1 + skip;
  return i < size ? i : 2 * size - 1 - skip - i;
};

const law = (
  kernel: string,
  run: (x: tf.Tensor) => tf.Tensor | tf.Tensor[],
  reference: PlainLaw["reference"],
  cases = fixed("3 4 5"),
): PlainLaw => ({
  kernels: [kernel],
  cases,
  runs: 3, // only numbers differ, and they are moved alone
  run: ({ x }) => run(x!),
  reference,
});

const ids = (values: number[], shape?: number[]) => tf.tensor(values, shape ?? [values.length], "int32");
const parts = opCases({ x: "3 2 4", y: "3 1 4", z: "3 3 4" });

const laws: PlainLaw[] = [
  law(
    "Reshape",
    (x) => tf.reshape(x, [5, 12]),
    ({ x }) => x!.values,
  ),
  law(
    "ExpandDims",
    (x) => tf.expandDims(x, 1),
    ({ x }) => x!.values,
  ),
  law(
    "Transpose",
    (x) => tf.transpose(x, [2, 0, 1]),
    moved([5, 3, 4], ([k, i, j]) => [i!, j!, k!]),
  ),
  law(
    "Reverse",
    (x) => tf.reverse(x, [0, 2]),
    moved([3, 4, 5], ([i, j, k]) => [2 - i!, j!, 4 - k!]),
  ),
  law(
    "Slice",
    (x) => tf.slice(x, [1, 0, 2], [2, -1, 2]),
    moved([2, 4, 2], ([i, j, k]) => [i! + 1, j!, k! + 2]),
  ),
  law(
    "StridedSlice",
    (x) => tf.stridedSlice(x, [0, 3, 1], [3, 0, 5], [2, -2, 3]),
    moved([2, 2, 2], ([i, j, k]) => [2 * i!, 3 - 2 * j!, 1 + 3 * k!]),
  ),
  law(
    "StridedSlice",
    (x) => tf.stridedSlice(x, [1, 2], [2, 4], [1, 1], 0, 0, 0, 0, 1),
    moved([2, 5], ([j, k]) => [1, j! + 2, k!]),
  ),
  law(
    "PadV2",
    (x) =>
      tf.pad(
        x,
        [
          [1, 0],
          [0, 2],
          [0, 0],
        ],
        7,
      ),
    ({ x }) => elements([4, 6, 5], ([i, j, k]) => (i! < 1 || j! > 3 ? 7 : at(x!, [i! - 1, j!, k!]))),
  ),
  ...(["reflect", "symmetric"] as const).map((mode) =>
    law(
      "MirrorPad",
      (x) =>
        tf.mirrorPad(
          x,
          [
            [0, 0],
            [2, 1],
            [1, 2],
          ],
          mode,
        ),
      moved([3, 7, 8], ([i, j, k]) => [
        i!,
        mirrored(j! - 2, 4, mode === "reflect"),
        mirrored(k! - 1, 5, mode === "reflect"),
      ]),
    ),
  ),
  law(
    "Tile",
    (x) => tf.tile(x, [2, 1, 3]),
    moved([6, 4, 15], ([i, j, k]) => [i! % 3, j!, k! % 5]),
  ),
  law(
    "Tile",
    (x) => tf.broadcastTo(x, [2, 3, 4]),
    moved([2, 3, 4], ([, j]) => [j!, 0]),
    fixed("3 1"),
  ),
  {
    kernels: ["Concat"],
    cases: parts,
    wrt: ["x", "y", "z"],
    run: ({ x, y, z }) => tf.concat([x!, y!, z!], -2),
    reference: ({ x, y, z }) =>
      elements([3, 6, 4], ([i, j, k]) =>
        j! < 2 ? at(x!, [i!, j!, k!]) : j! < 3 ? at(y!, [i!, 0, k!]) : at(z!, [i!, j! - 3, k!]),
      ),
  },
  {
    kernels: ["Pack"],
    cases: opCases({ x: "3 4", y: "3 4" }),
    wrt: ["x", "y"],
    run: ({ x, y }) => tf.stack([x!, y!], -1),
    reference: ({ x, y }) => elements([3, 4, 2], ([i, j, k]) => at(k === 0 ? x! : y!, [i!, j!])),
  },
  law(
    "Unpack",
    (x) => tf.unstack(x, 1),
    ({ x }) => [0, 1, 2, 3].map((j) => elements([3, 5], ([i, k]) => at(x!, [i!, j, k!]))),
  ),
  law(
    "SplitV",
    (x) => tf.split(x, [1, 3], 1),
    ({ x }) => [0, 1].map((part) => elements([3, part === 0 ? 1 : 3, 5], ([i, j, k]) => at(x!, [i!, j! + part, k!]))),
  ),
  // A row that comes twice, rows that don't come; along every axis; indices of two axes; for each of a batch its own.
  law(
    "GatherV2",
    (x) => tf.gather(x, ids([2, 0, 2, 2])),
    moved([4, 4, 5], ([i, j, k]) => [[2, 0, 2, 2][i!]!, j!, k!]),
  ),
  law(
    "GatherV2",
    (x) => tf.gather(x, ids([3, 3, 1, 0], [2, 2]), 1),
    moved([3, 2, 2, 5], ([i, a, b, k]) => [i!, [3, 3, 1, 0][2 * a! + b!]!, k!]),
  ),
  law(
    "GatherV2",
    (x) => tf.gather(x, ids([4, 0, 0]), -1),
    moved([3, 4, 3], ([i, j, k]) => [i!, j!, [4, 0, 0][k!]!]),
  ),
  law(
    "GatherV2",
    (x) => tf.gather(x, ids([3, 1, 0, 0, 2, 2], [3, 2]), 1, 1),
    moved([3, 2, 5], ([i, j, k]) => [i!, [3, 1, 0, 0, 2, 2][2 * i! + j!]!, k!]),
  ),
  law(
    "GatherV2",
    (x) => tf.gather(x, ids([4, 1, 0, 0, 2, 2], [3, 2]), 2, 1),
    moved([3, 4, 2], ([i, j, k]) => [i!, j!, [4, 1, 0, 0, 2, 2][2 * i! + k!]!]),
  ),
  law(
    "GatherNd",
    (x) => tf.gatherND(x, ids([2, 1, 0, 0, 2, 1], [3, 2])),
    moved([3, 5], ([i, k]) => [[2, 0, 2][i!]!, [1, 0, 1][i!]!, k!]),
  ),
  law(
    "ScatterNd",
    (x) => tf.scatterND(ids([3, 0, 3], [3, 1]), x, [5, 4]),
    ({ x }) =>
      elements([5, 4], ([i, j]) => (i === 0 ? at(x!, [1, j!]) : i === 3 ? at(x!, [0, j!]) + at(x!, [2, j!]) : 0)),
    fixed("3 4"),
  ),
  law(
    "TopK",
    (x) => tf.topk(x, 3).values,
    ({ x }) =>
      [0, 1].flatMap((i) =>
        [0, 1].flatMap((j) =>
          [0, 1, 2, 3, 4, 5]
            .map((k) => at(x!, [i, j, k]))
            .sort((a, b) => b - a)
            .slice(0, 3),
        ),
      ),
    opCases({ x: "2 2 6" }, { values: { x: distinct } }),
  ),
  // A row that is left out, and one that is none.
  law(
    "UnsortedSegmentSum",
    (x) => tf.unsortedSegmentSum(x, ids([1, 0, 1, -1, 7]) as tf.Tensor1D, 3),
    ({ x }) =>
      elements([3, 4], ([i, k]) => (i === 0 ? at(x!, [1, k!]) : i === 1 ? at(x!, [0, k!]) + at(x!, [2, k!]) : 0)),
    fixed("5 4"),
  ),
];

plainLaws(movementGradients, laws);

test("conditions and indices carry no gradient: the paths around them do", async () => {
  await cpu().start();
  const x = tf.tensor1d([-1, 2, 0.5]);
  const f = () => {
    const relu = tf.where(tf.greater(x, 0), x, 0);
    const largest = tf.gather(x, tf.argMax(x) as tf.Scalar);
    return tf.add(tf.sum(relu), tf.mul(largest, tf.sum(tf.cast(tf.greater(x, 1), "float32")))) as tf.Scalar;
  };
  const { value, gradients } = valueAndGradients(f, { x });
  expect(value.dataSync()[0]).toBe(4.5);
  expect([...gradients.x!.dataSync()]).toEqual([0, 2, 1]);
});

test("the law notices rows of a gather that are not added up", async () => {
  (await cpu().start()).stop(); // registers the gradients
  const right = tf.getGradient("GatherV2");
  const gather = laws.find(({ kernels }) => kernels.includes("GatherV2"))!;
  const register = (gradFunc: tf.GradFunc) => {
    tf.unregisterGradient("GatherV2");
    tf.registerGradient({ ...right, kernelName: "GatherV2", gradFunc });
  };
  register((dy, saved, attributes) => {
    const { x } = right.gradFunc(dy, saved, attributes);
    return { x: () => tf.div(x!(), tf.tensor3d([1, 1, 3], [3, 1, 1])) };
  });
  try {
    const cases = fc.constant({
      inputs: { x: { shape: [3, 4, 5], values: floatsFromSeed(1, 60) } },
      data: {},
      fixed: {},
    });
    await expectMutantToFail(() => checkPlainLaw({ ...gather, cases, runs: 40 }));
  } finally {
    register(right.gradFunc);
  }
});
