/** A row that was found, and its score. */
export type RankedRow = { readonly row: number; readonly score: number };

/** A row, its score, and its place among equals. */
type Placed = RankedRow & { readonly place: number };

/**
 * Keeps the best `limit` of all rows that it is offered: higher scores first, of equal ones the lower place. NaN counts as −∞.
 *
 * A binary heap with the worst kept row on top, so that a row that is not among the best costs one comparison.
 *
 * @example
 * ```ts
 * import { TopRows } from "@kindred/vectors";
 *
 * const top = new TopRows(2);
 * for (const [row, score] of [0.1, 0.9, 0.5].entries()) top.offer(row, score);
 * top.ranking(); // => [{ row: 1, score: 0.9 }, { row: 2, score: 0.5 }]
 * ```
 */
export class TopRows {
  readonly #limit: number;
  readonly #heap: Placed[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a row in if it is among the best so far. `place` decides between equal scores; default: the row. */
  offer(row: number, score: number, place: number = row): void {
    const offered = { row, score: Number.isNaN(score) ? -Infinity : score, place };
    const heap = this.#heap;
    const [worst] = heap;
    if (heap.length < this.#limit) this.#rise(heap.length, offered);
    else if (worst !== undefined && isBetter(offered, worst)) this.#sink(offered);
  }

  /** The score that a row must reach to be taken in: −∞ as long as there is room. */
  get least(): number {
    if (this.#heap.length < this.#limit) return -Infinity;
    return this.#heap[0]?.score ?? Infinity;
  }

  /** What was kept, best first. */
  ranking(): RankedRow[] {
    const sorted = this.#heap.toSorted((a, b) => (isBetter(a, b) ? -1 : isBetter(b, a) ? 1 : 0));
    return sorted.map(({ row, score }) => ({ row, score }));
  }

  /** Puts a row at a new place at the bottom, and lifts it above its betters. */
  #rise(at: number, placed: Placed): void {
    const heap = this.#heap;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBetter(parent, placed)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = placed;
  }

  /** Puts a row in the place of the worst, on top, and lowers it below its worse. */
  #sink(placed: Placed): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      let child = heap[below];
      const other = heap[below + 1];
      if (child !== undefined && other !== undefined && isBetter(child, other)) [below, child] = [below + 1, other];
      if (child === undefined || !isBetter(placed, child)) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = placed;
  }
}

function isBetter(a: Placed, b: Placed): boolean {
  return a.score > b.score || (a.score === b.score && a.place < b.place);
}
