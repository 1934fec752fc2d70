import * as tf from "@tensorflow/tfjs-core";
import { type StockRule, unbroadcast } from "./rule.ts";

/** x's shape with 1 for every reduced axis, in which a reduced tensor broadcasts against x again. */
function keptShape(shape: number[], axis: number | number[] | undefined): number[] {
  const axes = tf.util.parseAxisParam(axis ?? shape.map((_, i) => i), shape);
  return shape.map((size, i) => (axes.includes(i) ? 1 : size));
}

/** dy spread over x, times 1 for a sum and 1/count for a mean. */
const spread = (factor: (dy: tf.Tensor, x: tf.Tensor) => number): StockRule => ({
  save: ["x"],
  gradient: (dy, [x], { axis }) => ({
    x: () => tf.mul(tf.reshape(dy, keptShape(x!.shape, axis)), tf.fill(x!.shape, factor(dy, x!))),
  }),
});

/** dy for all elements that equal the largest (smallest) one. */
const extremum: StockRule = {
  save: ["x"],
  saveOutput: true,
  gradient: (dy, [x, y], { reductionIndices, axis }) => {
    const kept = keptShape(x!.shape, reductionIndices ?? axis); // Max has the one, Min the other
    return { x: () => tf.mul(tf.reshape(dy, kept), tf.cast(tf.equal(x!, tf.reshape(y!, kept)), "float32")) };
  },
};

/** The last two axes of a matrix product's factor, exchanged if `turn`. */
function turned(x: tf.Tensor, turn: boolean): tf.Tensor {
  const axes = x.shape.map((_, i) => i);
  return turn ? tf.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]) : x;
}

/** Closures for a list of inputs, made together by `parts`. */
const listed = (parts: tf.Tensor[]) => Object.fromEntries(parts.map((part, i) => [i, () => tf.clone(part)]));

/** Gradients of kernels that reduce, multiply matrices, or move elements. */
export const structuralGradients: { readonly [kernel: string]: StockRule } = {
  Sum: spread(() => 1),
  Mean: spread((dy, x) => dy.size / x.size),
  Max: extremum,
  Min: extremum,
  Softmax: {
    saveOutput: true,
    gradient: (dy, [y], { dim }) => ({
      logits: () => tf.mul(y!, tf.sub(dy, tf.sum(tf.mul(dy, y!), dim, true))),
    }),
  },
  // With A and B as they enter the product: dA = dy·Bᵀ, dB = Aᵀ·dy.
  BatchMatMul: {
    save: ["a", "b"],
    gradient: (dy, [a, b], { transposeA, transposeB }) => ({
      a: () => unbroadcast(turned(tf.matMul(dy, turned(b!, !transposeB)), transposeA), a!.shape),
      b: () => unbroadcast(turned(tf.matMul(turned(a!, !transposeA), dy), transposeB), b!.shape),
    }),
  },
  Transpose: {
    gradient: (dy, _, { perm }: { perm: number[] }) => ({
      x: () =>
        tf.transpose(
          dy,
          perm.map((_, i) => perm.indexOf(i)),
        ),
    }),
  },
  Reshape: { save: ["x"], gradient: (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }) },
  ExpandDims: { save: ["input"], gradient: (dy, [input]) => ({ input: () => tf.reshape(dy, input!.shape) }) },
  Slice: {
    save: ["x"],
    gradient: (dy: tf.Tensor, [x], { begin, size }) => {
      const from: number[] = tf.slice_util.parseSliceParams(x!, begin, size)[0]!;
      const around = x!.shape.map((length, i): [number, number] => [from[i]!, length - from[i]! - dy.shape[i]!]);
      return { x: () => tf.pad(dy, around) };
    },
  },
  PadV2: {
    save: ["x"],
    gradient: (dy, [x], { paddings }: { paddings: [number, number][] }) => ({
      x: () =>
        tf.slice(
          dy,
          paddings.map(([before]) => before),
          x!.shape,
        ),
    }),
  },
  Concat: {
    saveList: true,
    gradient: (dy, saved, { axis }) => {
      const at = tf.util.parseAxisParam(axis, saved[0]!.shape)[0]!;
      return listed(
        tf.split(
          dy,
          saved.map(({ shape }) => shape[at]!),
          at,
        ),
      );
    },
  },
  Pack: { saveList: true, gradient: (dy, _, { axis }) => listed(tf.unstack(dy, axis)) },
  Unpack: { gradient: (dys, _, { axis }) => ({ value: () => tf.stack(Array.isArray(dys) ? dys : [dys], axis) }) },
  SplitV: { gradient: (dys, _, { axis }) => ({ x: () => tf.concat(Array.isArray(dys) ? dys : [dys], axis) }) },
  GatherV2: {
    save: ["x", "indices"],
    gradient: (dy, [x, indices], { axis, batchDims }) => {
      if (axis !== 0 || batchDims) throw new Error(`GatherV2 has a gradient along axis 0 only. Got axis ${axis}.`);
      const rows = tf.reshape(dy, [indices!.size, ...x!.shape.slice(1)]);
      const ids = tf.reshape(indices!, [indices!.size]) as tf.Tensor1D;
      return { x: () => tf.unsortedSegmentSum(rows, ids, x!.shape[0]!) };
    },
  },
  UnsortedSegmentSum: {
    save: ["segmentIds"],
    gradient: (dy, [segmentIds]) => ({ x: () => tf.gather(dy, segmentIds as tf.Tensor1D) }),
  },
};
