import type { Graph, Reduction, Value } from "@kindred/stablehlo";
import * as tf from "@tensorflow/tfjs-core";
import { axisOf, type StockKernel, stock } from "./stock-kernel.ts";

/** tfjs calls the axes by two names, and leaves them out for all. */
type Axes = {
  readonly axis?: number | number[] | null;
  readonly reductionIndices?: number | number[] | null;
  readonly keepDims?: boolean;
};

/** Elements along axes made one; the axes stay, of length 1, if that is asked for. */
function reduced(
  graph: Graph,
  kind: Reduction,
  x: Value,
  { reductionIndices, axis = reductionIndices, keepDims }: Axes,
): Value {
  const axes = tf.util.parseAxisParam(axis ?? x.shape.map((_, i) => i), [...x.shape]);
  const result = graph.reduce(kind, x, axes);
  return keepDims === true ? graph.reshape(result, kept(x, axes)) : result;
}

function kept({ shape }: Value, axes: readonly number[]): number[] {
  return shape.map((length, i) => (axes.includes(i) ? 1 : length));
}

/** The place of the largest (smallest) element along an axis, the first of several. */
function placeOf(graph: Graph, kind: "maximum" | "minimum", x: Value, axis: number): Value {
  const at = axisOf(axis, x.shape.length);
  const best = graph.reshape(graph.reduce(kind, x, [at]), kept(x, [at]));
  const places = graph.iota(x.shape, at);
  return graph.reduce("minimum", graph.select(graph.compare("EQ", x, best), places, 2 ** 31 - 1), [at]);
}

type Running = { readonly axis: number; readonly exclusive: boolean; readonly reverse: boolean };

/** Sums (products) of the elements up to each one along an axis, in log₂ n steps, each of which doubles how far they reach. */
function running(graph: Graph, op: "add" | "multiply", x: Value, { axis, exclusive, reverse }: Running): Value {
  const at = axisOf(axis, x.shape.length);
  const length = x.shape[at] ?? 1;
  const neutral = op === "add" ? 0 : 1;
  const shifted = (value: Value, by: number) => {
    const count = Math.min(by, length);
    const starts = x.shape.map((_, i) => (i === at && reverse ? count : 0));
    const sizes = x.shape.map((size, i) => (i === at ? size - count : size));
    const along = x.shape.map((_, i) => (i === at ? count : 0));
    const none = x.shape.map(() => 0);
    const left = graph.slice(value, starts, sizes);
    return reverse ? graph.pad(left, none, along, neutral) : graph.pad(left, along, none, neutral);
  };
  let result = exclusive ? shifted(x, 1) : x;
  for (let reach = 1; reach < length; reach *= 2) result = graph.binary(op, result, shifted(result, reach));
  return result;
}

/** x without its largest along an axis, and the sum of the exponentials of that. */
function shiftedExponentials(
  graph: Graph,
  x: Value,
  axis: number,
): { readonly shifted: Value; readonly sum: Value; readonly e: Value } {
  const at = axisOf(axis, x.shape.length);
  const along = (kind: Reduction, value: Value) => graph.reshape(graph.reduce(kind, value, [at]), kept(x, [at]));
  const shifted = graph.binary("subtract", x, along("maximum", x));
  const e = graph.unary("exponential", shifted);
  return { shifted, e, sum: along("add", e) };
}

type Transposed = { readonly transposeA?: boolean; readonly transposeB?: boolean };

/** The product of matrices; axes before the last two broadcast. */
function matrixProduct(
  graph: Graph,
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: Transposed,
): Value {
  const batchShape = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const whole = (x: Value) => graph.broadcastTo(x, [...batchShape, ...x.shape.slice(-2)]);
  const batch = batchShape.map((_, i) => i);
  const rank = batch.length + 2;
  const contract = [[transposeA ? rank - 2 : rank - 1], [transposeB ? rank - 1 : rank - 2]] as const;
  return graph.dot(whole(a), whole(b), { contract, batch: [batch, batch] });
}

const reduction = (name: string, kind: Reduction) =>
  stock<"x", Axes>(name, (graph, { x }, axes) => reduced(graph, kind, x, axes));

/** Kernels of tfjs that add up, choose or multiply along axes. */
export const reductionKernels: readonly StockKernel[] = [
  reduction("Sum", "add"),
  reduction("Prod", "multiply"),
  reduction("Max", "maximum"),
  reduction("Min", "minimum"),
  reduction("All", "and"),
  reduction("Any", "or"),
  stock<"x", Axes>("Mean", (graph, { x }, axes) => {
    const sum = reduced(graph, "add", graph.convert(x, "f32"), axes);
    const size = (value: Value) => tf.util.sizeFromShape([...value.shape]);
    return graph.binary("divide", sum, size(x) / size(sum));
  }),
  stock<"x", { axis: number }>("ArgMax", (graph, { x }, { axis }) => placeOf(graph, "maximum", x, axis)),
  stock<"x", { axis: number }>("ArgMin", (graph, { x }, { axis }) => placeOf(graph, "minimum", x, axis)),
  stock<"x", Running>("Cumsum", (graph, { x }, how) => running(graph, "add", x, how)),
  stock<"x", Running>("Cumprod", (graph, { x }, how) => running(graph, "multiply", x, how)),
  stock<"logits", { dim: number }>("Softmax", (graph, { logits }, { dim }) => {
    const { e, sum } = shiftedExponentials(graph, logits, dim);
    return graph.binary("divide", e, sum);
  }),
  stock<"logits", { axis: number }>("LogSoftmax", (graph, { logits }, { axis }) => {
    const { shifted, sum } = shiftedExponentials(graph, logits, axis);
    return graph.binary("subtract", shifted, graph.unary("log", sum));
  }),
  stock<"a" | "b", Transposed>("BatchMatMul", (graph, { a, b }, how) => matrixProduct(graph, a, b, how)),
];
