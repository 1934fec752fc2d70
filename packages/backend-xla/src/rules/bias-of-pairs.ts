import type { Graph, Value } from "@kindred/stablehlo";

// A bias by distance as a matrix for each head, without a gather: rows one element longer than the matrix's, laid end to end and cut
// again at the matrix's length, shift by one place each (Huang et al., "Music Transformer", 2018, section 3.4.1, "skewing").

/**
 * The bias of each pair of a query and a key, "heads queries keys": y[h, i, j] = bias[h, j − i + middle].
 *
 * @param bias "heads distances", an odd number of them, 2·length − 1 at least
 */
export function biasOfPairs(graph: Graph, bias: Value, length: number): Value {
  const [heads = 0, distances = 0] = bias.shape;
  const width = 2 * length - 1;
  const used = graph.slice(bias, [0, (distances - width) / 2], [heads, width]);
  if (length === 1) return graph.reshape(used, [heads, 1, 1]);
  const rows = graph.broadcastTo(graph.reshape(used, [heads, 1, width]), [heads, length, width]);
  const endToEnd = graph.reshape(rows, [heads, length * width]);
  const cut = graph.slice(endToEnd, [0, length - 1], [heads, length * (width - 1)]);
  const shifted = graph.reshape(cut, [heads, length, width - 1]);
  return graph.slice(shifted, [0, 0, 0], [heads, length, length]);
}

/** The gradient of {@link biasOfPairs} by its bias, from dy "heads queries keys": the sums over all pairs at each distance. */
export function sumsAtDistances(graph: Graph, dy: Value, distances: number): Value {
  const [heads = 0, length = 0] = dy.shape;
  const width = 2 * length - 1;
  const unused = (distances - width) / 2;
  const ofUsed = length === 1 ? graph.reshape(dy, [heads, 1]) : sumsOfDiagonals(graph, dy);
  return graph.pad(ofUsed, [0, unused], [0, unused]);
}

function sumsOfDiagonals(graph: Graph, dy: Value): Value {
  const [heads = 0, length = 0] = dy.shape;
  const width = 2 * length - 1;
  const shifted = graph.pad(dy, [0, 0, 0], [0, 0, length - 2]);
  const cut = graph.reshape(shifted, [heads, length * (width - 1)]);
  const rows = graph.reshape(graph.pad(cut, [0, length - 1], [0, 1]), [heads, length, width]);
  return graph.reduce("add", rows, [1]);
}
