import type { Graph, Value } from "@kindred/stablehlo";
import * as tf from "@tensorflow/tfjs-core";
import type { CallInputs } from "../operands.ts";
import { axisOf, elementType, listed, type StockKernel, stock } from "./stock-kernel.ts";

type Pairs = readonly (readonly [before: number, after: number])[];
type Slice = { readonly begin: readonly number[]; readonly size: readonly number[] };
type Padding = { readonly low: readonly number[]; readonly shape: readonly number[]; readonly constantValue: number };

/** Where a slice begins is an operand: cutting at another row is the same program. */
const slice = stock<"x", Slice>(
  "Slice",
  (graph, { x }, { size }, { begin = [] }) => graph.dynamicSlice(x, begin, size),
  {
    operands: ["begin"],
    fixed: (attributes: { begin: number | number[]; size: number | number[] }, inputs) => {
      const x = shaped(inputs, "x");
      const [begin = [], size = []] = tf.slice_util.parseSliceParams(x, attributes.begin, attributes.size);
      tf.slice_util.assertParamsValid(x, begin, size);
      return { begin, size };
    },
  },
);

/** Where x lies in what is padded is an operand likewise. */
const pad = stock<"x", Padding>(
  "PadV2",
  (graph, { x }, { shape, constantValue }, { low = [] }) =>
    graph.dynamicUpdateSlice(graph.constant(constantValue, x.type, shape), x, low),
  {
    operands: ["low"],
    fixed: ({ paddings, constantValue }: { paddings: Pairs; constantValue: number }, inputs) => {
      const { shape } = shaped(inputs, "x");
      const whole = shape.map((length, i) => length + (paddings[i]?.[0] ?? 0) + (paddings[i]?.[1] ?? 0));
      return { low: paddings.map(([before]) => before), shape: whole, constantValue };
    },
  },
);

type Strides = {
  readonly begin: readonly number[];
  readonly strides: readonly number[];
  readonly sizes: readonly number[];
  readonly shape: readonly number[];
};

const stridedSlice = stock<"x", Strides>(
  "StridedSlice",
  (graph, { x }, { begin, strides, sizes, shape }) => {
    const backwards = strides.flatMap((stride, i) => (stride < 0 ? [i] : []));
    const lowest = begin.map((from, i) =>
      (strides[i] ?? 1) < 0 ? from + ((sizes[i] ?? 1) - 1) * (strides[i] ?? 1) : from,
    );
    if (sizes.includes(0)) return graph.constant(0, x.type, shape);
    const picked = graph.slice(x, lowest, sizes, strides.map(Math.abs));
    return graph.reshape(graph.reverse(picked, backwards), shape);
  },
  {
    fixed: (a: Parameters<typeof asSliceInfo>[1], inputs) => {
      const { begin, end, strides, finalShape: shape } = asSliceInfo(shaped(inputs, "x").shape, a);
      const sizes = begin.map((from, i) => Math.max(0, Math.ceil(((end[i] ?? 0) - from) / (strides[i] ?? 1))));
      return { begin, strides, sizes, shape };
    },
  },
);

function asSliceInfo(
  shape: number[],
  a: {
    readonly begin: number[];
    readonly end: number[];
    readonly strides: number[];
    readonly beginMask: number;
    readonly endMask: number;
    readonly ellipsisMask: number;
    readonly newAxisMask: number;
    readonly shrinkAxisMask: number;
  },
) {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = a;
  return tf.slice_util.sliceInfo(
    shape,
    begin,
    end,
    strides,
    beginMask,
    endMask,
    ellipsisMask,
    newAxisMask,
    shrinkAxisMask,
  );
}

/** A tensor of a call, with its shape. */
function shaped(inputs: CallInputs, name: string): tf.TensorInfo {
  const tensor = inputs[name];
  if (tensor === undefined) throw new Error(`A kernel lacks its input ${name}.`);
  return tensor;
}

/** Rows at both ends mirrored, axis by axis. */
function mirrored(graph: Graph, x: Value, paddings: Pairs, skip: number): Value {
  return paddings.reduce((inner, [before, after], axis) => {
    const length = inner.shape[axis] ?? 0;
    const part = (from: number, count: number) =>
      graph.reverse(
        graph.slice(
          inner,
          inner.shape.map((_, i) => (i === axis ? from : 0)),
          inner.shape.map((size, i) => (i === axis ? count : size)),
        ),
        [axis],
      );
    const parts = [part(skip, before), inner, part(length - skip - after, after)];
    return graph.concatenate(
      parts.filter(({ shape }) => shape[axis] !== 0),
      axis,
    );
  }, x);
}

function tiled(graph: Graph, x: Value, reps: readonly number[]): Value {
  const apart = x.shape.flatMap((length) => [1, length]);
  const repeated = x.shape.flatMap((length, i) => [reps[i] ?? 1, length]);
  return graph.reshape(
    graph.broadcastTo(graph.reshape(x, apart), repeated),
    x.shape.map((length, i) => length * (reps[i] ?? 1)),
  );
}

/** Parts of x along an axis, one after another. */
function split(graph: Graph, x: Value, sizes: readonly number[], axis: number): Value[] {
  let from = 0;
  return sizes.map((count) => {
    const starts = x.shape.map((_, i) => (i === axis ? from : 0));
    from += count;
    return graph.slice(
      x,
      starts,
      x.shape.map((length, i) => (i === axis ? count : length)),
    );
  });
}

const withAxis = (shape: readonly number[], at: number) => [...shape.slice(0, at), 1, ...shape.slice(at)];

type Numbered = { readonly start: number; readonly stop: number; readonly step: number; readonly dtype?: string };

/** Kernels of tfjs that move elements, or make them of nothing. */
export const movementKernels: readonly StockKernel[] = [
  slice,
  pad,
  stridedSlice,
  stock<"x", { perm: number[] }>("Transpose", (graph, { x }, { perm }) => graph.transpose(x, perm)),
  stock<"x", { dims: number[] }>("Reverse", (graph, { x }, { dims }) =>
    graph.reverse(x, tf.util.parseAxisParam(dims, [...x.shape])),
  ),
  stock<"x", { paddings: Pairs; mode: string }>("MirrorPad", (graph, { x }, { paddings, mode }) =>
    mirrored(graph, x, paddings, mode === "reflect" ? 1 : 0),
  ),
  stock<"x", { reps: number[] }>("Tile", (graph, { x }, { reps }) => tiled(graph, x, reps)),
  stock<string, { axis: number }>("Concat", (graph, inputs, { axis }) => {
    const parts = listed(inputs);
    const at = axisOf(axis, parts[0]?.shape.length ?? 0);
    const filled = parts.filter(({ shape }) => shape[at] !== 0);
    return graph.concatenate(filled.length > 0 ? filled : parts, at);
  }),
  stock<string, { axis: number }>("Pack", (graph, inputs, { axis }) => {
    const parts = listed(inputs);
    const at = axisOf(axis, (parts[0]?.shape.length ?? 0) + 1);
    return graph.concatenate(
      parts.map((x) => graph.reshape(x, withAxis(x.shape, at))),
      at,
    );
  }),
  stock<"value", { axis: number }>("Unpack", (graph, { value }, { axis }) => {
    const at = axisOf(axis, value.shape.length);
    const ones = Array.from({ length: value.shape[at] ?? 0 }, () => 1);
    return split(graph, value, ones, at).map((part) =>
      graph.reshape(
        part,
        value.shape.filter((_, i) => i !== at),
      ),
    );
  }),
  stock<"x", { numOrSizeSplits: number | number[]; axis: number }>(
    "SplitV",
    (graph, { x }, { numOrSizeSplits, axis }) => {
      const at = axisOf(axis, x.shape.length);
      const sizes = tf.backend_util.prepareSplitSize({ shape: x.shape } as tf.Tensor, numOrSizeSplits, at); // it looks at the shape alone
      return split(graph, x, sizes, at);
    },
  ),
  stock<never, { shape: number[]; value: number | boolean; dtype?: string }>(
    "Fill",
    (graph, _, { shape, value, dtype }) =>
      graph.constant(Number(value), elementType(dtype ?? (typeof value === "boolean" ? "bool" : "float32")), shape),
  ),
  stock<never, Numbered>("Range", (graph, _, { start, stop, step, dtype }) => {
    const count =
      start === stop || Math.sign(stop - start) !== Math.sign(step) ? 0 : Math.ceil(Math.abs((stop - start) / step));
    const type = elementType(dtype);
    return graph.binary("add", graph.binary("multiply", graph.iota([count], 0, type), step), start);
  }),
  stock<never, { start: number; stop: number; num: number }>("LinSpace", (graph, _, { start, stop, num }) =>
    graph.binary(
      "add",
      graph.binary("multiply", graph.iota([num], 0, "f32"), num > 1 ? (stop - start) / (num - 1) : 0),
      start,
    ),
  ),
];
