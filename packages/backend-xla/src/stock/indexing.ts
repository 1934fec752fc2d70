import { elementCount, type Graph, type Value } from "@kindred/stablehlo";
import { axisOf, elementType, type StockKernel, stock } from "./stock-kernel.ts";

/** Elements of x along an axis, by number; the first `batchDims` axes of x and of the numbers are the same. */
function gather(
  graph: Graph,
  x: Value,
  ids: Value,
  { axis, batchDims }: { readonly axis: number; readonly batchDims: number },
): Value {
  const at = axisOf(axis, x.shape.length);
  if (at === 0) return graph.gatherRows(x, ids);
  const axes = x.shape.map((_, i) => i);
  const [batch, before, after] = [axes.slice(0, batchDims), axes.slice(batchDims, at), axes.slice(at + 1)];
  const lengths = (list: readonly number[]) => list.map((i) => x.shape[i] ?? 1);
  const batches = elementCount(lengths(batch));
  const rows = x.shape[at] ?? 1;
  const front = graph.transpose(x, [...batch, at, ...before, ...after]);
  const table = graph.reshape(front, [batches * rows, ...lengths(before), ...lengths(after)]);
  const own = ids.shape.slice(batchDims);
  // Numbers outside are moved to the nearest row of their own batch, not of the next one.
  const inside = graph.binary(
    "minimum",
    graph.binary("maximum", graph.reshape(ids, [batches, elementCount(own)]), 0),
    rows - 1,
  );
  const first = graph.binary("multiply", graph.iota([batches, 1], 0), rows);
  const picked = graph.gatherRows(
    table,
    graph.reshape(graph.binary("add", inside, first), [...lengths(batch), ...own]),
  );
  const [b, n, p] = [batch.length, own.length, before.length];
  const order = [
    ...batch,
    ...before.map((_, i) => b + n + i),
    ...own.map((_, i) => b + i),
    ...after.map((_, i) => b + n + p + i),
  ];
  return graph.transpose(picked, order);
}

/** Places in the first axes of `shape` as numbers of rows, from their coordinates along the last axis of `ids`. */
function placesAsRows(
  graph: Graph,
  ids: Value,
  shape: readonly number[],
): { readonly rows: number; readonly rest: number[]; readonly numbers: Value } {
  const depth = ids.shape.at(-1) ?? 0;
  const outer = ids.shape.slice(0, -1);
  let numbers = graph.constant(0, "i32", outer);
  for (let k = 0; k < depth; k++) {
    const starts = ids.shape.map((_, i) => (i === outer.length ? k : 0));
    const coordinate = graph.reshape(graph.slice(ids, starts, [...outer, 1]), outer);
    numbers = graph.binary(
      "add",
      numbers,
      graph.binary("multiply", coordinate, elementCount(shape.slice(k + 1, depth))),
    );
  }
  return { rows: elementCount(shape.slice(0, depth)), rest: shape.slice(depth), numbers };
}

/** The k largest along the last axis, the largest first, and where they are. An element's rank is how many come before it. */
function topK(graph: Graph, x: Value, k: number): [values: Value, places: Value] {
  const last = x.shape.length - 1;
  const length = x.shape[last] ?? 0;
  const outer = x.shape.slice(0, -1);
  const pairs = [...outer, length, length];
  const own = graph.broadcastTo(graph.reshape(x, [...outer, length, 1]), pairs);
  const other = graph.broadcastTo(graph.reshape(x, [...outer, 1, length]), pairs);
  const earlier = graph.compare("LT", graph.iota(pairs, last + 1), graph.iota(pairs, last));
  const tie = graph.binary("and", graph.compare("EQ", other, own), earlier);
  const before = graph.binary("or", graph.compare("GT", other, own), tie);
  const rank = graph.reduce("add", graph.convert(before, "i32"), [last + 1]);
  const wanted = [...outer, k, length];
  const chosen = graph.compare(
    "EQ",
    graph.broadcastTo(graph.reshape(rank, [...outer, 1, length]), wanted),
    graph.iota(wanted, last),
  );
  const lowest = x.type === "f32" ? Number.NEGATIVE_INFINITY : -(2 ** 31);
  const values = graph.reduce(
    "maximum",
    graph.select(chosen, graph.broadcastTo(graph.reshape(x, [...outer, 1, length]), wanted), lowest),
    [last + 1],
  );
  const places = graph.reduce("maximum", graph.select(chosen, graph.iota(wanted, last + 1), 0), [last + 1]);
  return [values, places];
}

type OneHot = { readonly depth: number; readonly onValue: number; readonly offValue: number; readonly dtype?: string };

/** Kernels of tfjs that take elements by number, or put them by number. */
export const indexingKernels: readonly StockKernel[] = [
  stock<"x" | "indices", { axis: number; batchDims: number }>("GatherV2", (graph, { x, indices }, how) =>
    gather(graph, x, indices, how),
  ),
  stock<"params" | "indices">("GatherNd", (graph, { params, indices }) => {
    const { rows, rest, numbers } = placesAsRows(graph, indices, params.shape);
    return graph.gatherRows(graph.reshape(params, [rows, ...rest]), numbers);
  }),
  stock<"indices" | "updates", { shape: number[] }>("ScatterNd", (graph, { indices, updates }, { shape }) => {
    const { rows, rest, numbers } = placesAsRows(graph, indices, shape);
    const sums = graph.scatterAddRows(graph.constant(0, updates.type, [rows, ...rest]), numbers, updates);
    return graph.reshape(sums, shape);
  }),
  stock<"x" | "segmentIds", { numSegments: number }>(
    "UnsortedSegmentSum",
    (graph, { x, segmentIds }, { numSegments }) => {
      const rest = x.shape.slice(segmentIds.shape.length);
      return graph.scatterAddRows(graph.constant(0, x.type, [numSegments, ...rest]), segmentIds, x);
    },
  ),
  stock<"x", { k: number }>("TopK", (graph, { x }, { k }) => topK(graph, x, k)),
  stock<"indices", OneHot>("OneHot", (graph, { indices }, { depth, onValue, offValue, dtype }) => {
    const shape = [...indices.shape, depth];
    const chosen = graph.compare(
      "EQ",
      graph.reshape(indices, [...indices.shape, 1]),
      graph.iota(shape, shape.length - 1),
    );
    const type = elementType(dtype);
    return graph.select(chosen, graph.constant(onValue, type), graph.constant(offValue, type));
  }),
];
