import type { Graph, Value } from "@kindred/stablehlo";
import type { LayoutFixed } from "@kindred/tensor";
import { type LayoutOperands, placesTaken, rowPlaces, rowsOfSentences, withoutPadding } from "./row-places.ts";

/** Rows in blocks of one length, in each of which are whole sentences that follow each other. */
export type AttentionBlocks = {
  readonly count: number;
  readonly length: number;
  /** The sentence of each row, i32; −1 for padding. */
  readonly sentence: Value;
  /** Its place there, ui32. */
  readonly position: Value;
  /** The sentence's number in the global batch, ui32. */
  readonly number: Value;
  /** The rows of a layout as rows of the blocks, and the way back. */
  readonly into: (x: Value) => Value;
  readonly outOf: (y: Value) => Value;
};

/** Blocks of a layout: its own, a padded sentence each, or, of sentences end to end, each moved to a block of its own. */
export function attentionBlocks(graph: Graph, data: LayoutOperands, fixed: LayoutFixed): AttentionBlocks {
  const { batch, rows, longest, blocks = batch } = fixed;
  const { real, sentence, someSentence, position, number } = rowPlaces(graph, data, fixed);
  if (blocks * longest === rows) {
    const asIs = (x: Value) => x;
    return { count: blocks, length: longest, sentence, position, number, into: asIs, outOf: asIs };
  }
  const perPlace = (of: Value) => graph.reshape(of, [batch * longest]);
  const sentences = graph.iota([batch, longest], 0);
  const numbers = data.numbers === undefined ? sentences : graph.reshape(data.numbers, [batch, 1]);
  const from = perPlace(rowsOfSentences(graph, data, fixed));
  const to = graph.binary("add", graph.binary("multiply", someSentence, longest), graph.convert(position, "i32"));
  return {
    count: batch,
    length: longest,
    sentence: perPlace(graph.select(placesTaken(graph, data, fixed), sentences, -1)),
    position: perPlace(graph.iota([batch, longest], 1, "ui32")),
    number: perPlace(graph.broadcastTo(graph.convert(numbers, "ui32"), [batch, longest])),
    into: (x) => graph.gatherRows(x, from),
    outOf: (y) => withoutPadding(graph, graph.gatherRows(y, to), real),
  };
}
