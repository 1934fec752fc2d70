import type { Graph, Value } from "@kindred/stablehlo";
import type { LayoutData, LayoutFixed } from "@kindred/tensor";
import type { RuleData } from "../implement-rule.ts";

/** A layout's data as operands of a program. */
export type LayoutOperands = RuleData<LayoutData>;

/** What a program knows of each row of a layout, "rows". No such array is made in JavaScript. */
export type RowPlaces = {
  /** Whether the row is a token, i1. */
  readonly real: Value;
  /** The sentence that it belongs to, i32; −1 for padding. */
  readonly sentence: Value;
  /** The same for looking up: padding counts to sentence 0. */
  readonly someSentence: Value;
  /** The token's place in its sentence, ui32; 0 for padding. */
  readonly position: Value;
  /** The sentence's number in the global batch, ui32. */
  readonly number: Value;
};

/** Where each row of a layout stands, whatever its form. */
export function rowPlaces(graph: Graph, data: LayoutOperands, fixed: LayoutFixed): RowPlaces {
  const sentence = data.segments ?? sentenceOfRows(graph, data, fixed);
  const someSentence = graph.binary("maximum", sentence, 0);
  const real = graph.compare("GE", sentence, 0);
  const row = graph.iota([fixed.rows], 0);
  const position = graph.binary("subtract", row, elementsAt(graph, data.starts, someSentence));
  const number = data.numbers === undefined ? someSentence : elementsAt(graph, data.numbers, someSentence);
  return {
    real,
    sentence,
    someSentence,
    position: graph.convert(graph.select(real, position, 0), "ui32"),
    number: graph.convert(number, "ui32"),
  };
}

function sentenceOfRows(graph: Graph, { starts, lengths }: LayoutOperands, { batch, rows }: LayoutFixed): Value {
  const row = graph.iota([1, rows], 1);
  const ends = graph.binary("add", starts, lengths);
  const begun = graph.compare("GE", row, column(graph, starts));
  const within = graph.binary("and", begun, graph.compare("LT", row, column(graph, ends)));
  return graph.reduce("maximum", graph.select(within, graph.iota([batch, 1], 0), -1), [0]);
}

/** The rows that are each sentence's, "batch longest". After its end some that are not. */
export function rowsOfSentences(
  graph: Graph,
  { starts }: LayoutOperands,
  { batch, rows, longest }: LayoutFixed,
): Value {
  const row = graph.binary("add", column(graph, starts), graph.iota([batch, longest], 1));
  return graph.binary("minimum", row, rows - 1);
}

/** Whether a sentence has a token at a place, "batch longest". */
export function placesTaken(graph: Graph, { lengths }: LayoutOperands, { batch, longest }: LayoutFixed): Value {
  return graph.compare("LT", graph.iota([batch, longest], 1), column(graph, lengths));
}

/** The elements of a vector at these places. */
export function elementsAt(graph: Graph, vector: Value, places: Value): Value {
  return graph.reshape(graph.gatherRows(column(graph, vector), places), places.shape);
}

/** A vector as a matrix of one column. */
export function column(graph: Graph, vector: Value): Value {
  return graph.reshape(vector, [...vector.shape, 1]);
}

/** Rows, and zeros in place of padding, whatever it holds: a weight of 0 alone would leave NaN in. */
export function withoutPadding(graph: Graph, rows: Value, real: Value): Value {
  return graph.select(column(graph, real), rows, 0);
}
