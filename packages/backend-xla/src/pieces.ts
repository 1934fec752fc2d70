import type { Graph, Value } from "@kindred/stablehlo";

/** A program among those that make a pass. */
export type Piece = {
  /** What it gives: values, and their numbers. */
  readonly outputs: readonly { readonly value: Value; readonly number: number }[];
  /** What it takes of earlier pieces' values. */
  readonly given: readonly Value[];
};

/**
 * What was recorded, cut into programs that run one after another and together give `wanted`.
 *
 * A piece gives what is wanted of its own values, and what later pieces take. Constants are not handed on: whoever needs one makes it again.
 *
 * @param wanted the values, by their numbers.
 * @param cuts how long the graph was where it was cut, ascending.
 * @param next the first number that is free for values that pieces leave to each other.
 */
export function cutIntoPieces(
  graph: Graph,
  wanted: ReadonlyMap<number, Value>,
  cuts: readonly number[],
  next: number,
): Piece[] {
  const starts = [0, ...cuts];
  const pieceOf = ({ id }: Value) => starts.findLastIndex((start) => start <= id);
  const outputs = starts.map((): { readonly value: Value; readonly number: number }[] => []);
  const known = new Set<Value>();
  const give = (value: Value, number: number) => {
    known.add(value);
    outputs[pieceOf(value)]?.push({ value, number });
  };
  for (const [number, value] of wanted) give(value, number);
  const pieces: Piece[] = [];
  let free = next;
  for (const [i, start] of [...starts.entries()].reverse()) {
    const own = (outputs[i] ?? []).sort((a, b) => a.value.id - b.value.id || a.number - b.number);
    if (own.length === 0) continue;
    const given = graph.earlier(
      own.map(({ value }) => value),
      start,
    );
    for (const value of given) if (!known.has(value)) give(value, free++);
    pieces.unshift({ outputs: own, given });
  }
  return pieces;
}
