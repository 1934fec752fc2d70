import { ShapeError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { indicator, listRule, type Rule, rule } from "./rule.ts";

/**
 * The gradient of a tensor of which `move` only picks elements: each element of dy is added where its element came from. Where that
 * is, `move` tells of the numbers 0, 1, … in the place of the elements.
 */
function toOrigins(dy: tf.Tensor, shape: readonly number[], move: (numbers: tf.Tensor) => tf.Tensor): tf.Tensor {
  const size = tf.util.sizeFromShape([...shape]);
  if (size > 2 ** 24) {
    throw new ShapeError(
      `valueAndGradients: a tensor is too large for a gradient by places. Got x [${shape.join(", ")}] of stridedSlice, mirrorPad or ` +
        `gatherND, expected at most ${2 ** 24} elements. Use slice, pad or gather.`,
      { x: shape },
    );
  }
  // As float32, in which they are exact: some kernels take no other type, or give none.
  const numbers = tf.reshape(tf.range(0, size), [...shape]);
  const origins = tf.cast(tf.reshape(move(numbers), [dy.size]), "int32") as tf.Tensor1D;
  return tf.reshape(tf.unsortedSegmentSum(tf.reshape(dy, [dy.size]), origins, size), [...shape]);
}

/** dy of a gather, added up in the rows that were gathered: see tfjs's `gather` for the shapes. */
function scatterAdd(
  dy: tf.Tensor,
  { x, indices }: { readonly x: tf.Tensor; readonly indices: tf.Tensor },
  { axis, batchDims }: { readonly axis: number; readonly batchDims: number },
): tf.Tensor {
  const at = axis < 0 ? axis + x.rank : axis;
  const chosen = indices.rank - batchDims; // axes of dy that stand in the place of x's axis
  const axes = [...dy.shape.keys()];
  const order = [...axes.slice(0, batchDims), ...axes.slice(at, at + chosen), ...axes.slice(batchDims, at)].concat(
    axes.slice(at + chosen),
  );
  const size = x.shape[at] ?? 1;
  const batches = tf.util.sizeFromShape(x.shape.slice(0, batchDims));
  const rest = [...x.shape.slice(batchDims, at), ...x.shape.slice(at + 1)];
  const rows = tf.reshape(tf.transpose(dy, order), [indices.size, ...rest]);
  const firstOfBatch = tf.mul(tf.reshape(tf.range(0, batches, 1, "int32"), [batches, 1]), tf.scalar(size, "int32"));
  const ids = tf.reshape(tf.add(tf.reshape(indices, [batches, -1]), firstOfBatch), [indices.size]) as tf.Tensor1D;
  const sums = tf.reshape(tf.unsortedSegmentSum(rows, ids, batches * size), [
    ...x.shape.slice(0, batchDims),
    size,
    ...rest,
  ]);
  // From batch, axis, before, after to x's order: batch, before, axis, after.
  const before = [...x.shape.keys()].slice(batchDims + 1, at + 1);
  const after = [...x.shape.keys()].slice(at + 1);
  return tf.transpose(sums, [...axes.slice(0, batchDims), ...before, batchDims, ...after]);
}

const begins = (paddings: readonly (readonly [number, number])[]) => paddings.map(([before]) => before);
const reshapeTo = (input: "x" | "input"): Rule =>
  rule<object, "x" | "input">({
    save: [input],
    gradient: (dy, saved) => ({ [input]: () => tf.reshape(dy, saved[input].shape) }),
  });

/** Gradients of kernels that move elements, or choose some of them. */
export const movementGradients: { readonly [kernel: string]: Rule } = {
  Reshape: reshapeTo("x"),
  ExpandDims: reshapeTo("input"),
  Transpose: rule<{ perm: number[] }>({
    gradient: (dy, _, { perm }) => ({
      x: () =>
        tf.transpose(
          dy,
          perm.map((_, i) => perm.indexOf(i)),
        ),
    }),
  }),
  Reverse: rule<{ dims: number[] }>({ gradient: (dy, _, { dims }) => ({ x: () => tf.reverse(dy, dims) }) }),
  Slice: rule<{ begin: number[]; size: number[] }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { begin, size }) => ({
      x: () => {
        const [from = []] = tf.slice_util.parseSliceParams(x, begin, size);
        const around = x.shape.map((length, i): [number, number] => {
          const before = from[i] ?? 0;
          return [before, length - before - (dy.shape[i] ?? 0)];
        });
        return tf.pad(dy, around);
      },
    }),
  }),
  StridedSlice: rule<StridedSlice, "x">({
    save: ["x"],
    gradient: (dy, { x }, { begin, end, strides, ...masks }) => {
      const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = masks;
      const slice = (numbers: tf.Tensor) =>
        tf.stridedSlice(
          numbers,
          ...([begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const),
        );
      return { x: () => toOrigins(dy, x.shape, slice) };
    },
  }),
  PadV2: rule<{ paddings: [number, number][] }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { paddings }) => ({ x: () => tf.slice(dy, begins(paddings), x.shape) }),
  }),
  MirrorPad: rule<{ paddings: [number, number][]; mode: "reflect" | "symmetric" }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { paddings, mode }) => ({
      x: () => toOrigins(dy, x.shape, (numbers) => tf.mirrorPad(numbers, paddings, mode)),
    }),
  }),
  // Summed over the copies, axis by axis.
  Tile: rule<{ reps: number[] }, "x">({
    save: ["x"],
    gradient: (dy, { x }, { reps }) => ({
      x: () => {
        const sums = reps.reduce((sum: tf.Tensor, copies, axis) => {
          if (copies === 1) return sum;
          const outer = tf.util.sizeFromShape(x.shape.slice(0, axis));
          return tf.sum(tf.reshape(sum, [outer, copies, -1]), 1);
        }, dy);
        return tf.reshape(sums, x.shape);
      },
    }),
  }),
  Concat: listRule<{ axis: number }>(([dy], parts, { axis }) => {
    const at = axis < 0 ? axis + (parts[0]?.rank ?? 0) : axis;
    let from = 0;
    return parts.map(({ shape }) => {
      const begin = shape.map((_, i) => (i === at ? from : 0));
      from += shape[at] ?? 0;
      return () => tf.slice(dy ?? tf.zeros(shape), begin, shape);
    });
  }),
  Pack: listRule<{ axis: number }>(([dy], parts, { axis }) =>
    parts.map((part, i) => () => {
      const at = axis < 0 ? axis + part.rank + 1 : axis;
      const shape = [...part.shape.slice(0, at), 1, ...part.shape.slice(at)];
      const begin = shape.map((_, j) => (j === at ? i : 0));
      return tf.reshape(tf.slice(dy ?? tf.zeros(shape), begin, shape), part.shape);
    }),
  ),
  Unpack: rule<{ axis: number }>({
    gradient: (_dy, _, { axis }, dys) => ({ value: () => tf.stack([...dys], axis) }),
  }),
  SplitV: rule<{ axis: number }>({
    gradient: (_dy, _, { axis }, dys) => ({ x: () => tf.concat([...dys], axis) }),
  }),
  GatherV2: rule<{ axis: number; batchDims: number }, "x" | "indices">({
    save: ["x", "indices"],
    gradient: (dy, saved, attributes) => ({ x: () => scatterAdd(dy, saved, attributes) }),
  }),
  GatherNd: rule({
    save: ["params", "indices"],
    gradient: (dy, { params, indices }) => ({
      params: () => toOrigins(dy, params.shape, (numbers) => tf.gatherND(numbers, indices)),
    }),
  }),
  ScatterNd: rule({
    save: ["indices"],
    gradient: (dy, { indices }) => ({ updates: () => tf.gatherND(dy, indices) }),
  }),
  TopK: rule<object, "x" | "indices">({
    save: ["x"],
    saveOutputs: [undefined, "indices"],
    gradient: (dy, { x, indices }) => ({
      x: () => {
        const rows = dy.size / (dy.shape.at(-1) ?? 1);
        const row = { x: tf.reshape(x, [rows, -1]), indices: tf.reshape(indices, [rows, -1]) };
        return tf.reshape(scatterAdd(tf.reshape(dy, [rows, -1]), row, { axis: 1, batchDims: 1 }), x.shape);
      },
    }),
  }),
  UnsortedSegmentSum: rule({
    save: ["segmentIds"],
    gradient: (dy, { segmentIds }) => ({
      x: () => {
        const last = (dy.shape[0] ?? 0) - 1;
        const there = indicator(tf.logicalAnd(tf.greaterEqual(segmentIds, 0), tf.lessEqual(segmentIds, last)));
        const clipped = tf.minimum(tf.maximum(segmentIds, tf.scalar(0, "int32")), tf.scalar(last, "int32")); // wasm's clipByValue takes floats only
        const rows = tf.gather<tf.Tensor>(dy, clipped);
        return tf.mul(rows, tf.reshape(there, [...there.shape, ...dy.shape.slice(1).map(() => 1)]));
      },
    }),
  }),
};

type StridedSlice = {
  begin: number[];
  end: number[];
  strides: number[];
  beginMask: number;
  endMask: number;
  ellipsisMask: number;
  newAxisMask: number;
  shrinkAxisMask: number;
};
