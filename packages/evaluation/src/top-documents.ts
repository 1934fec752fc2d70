/**
 * Keeps the best `limit` of all documents that it is offered: higher scores first, of equal ones the lower place. NaN
 * counts as −∞.
 *
 * A binary heap with the worst kept document on top, so that a document that is not among the best costs one
 * comparison.
 */
export class TopDocuments {
  readonly #limit: number;
  readonly #heap: Ranked[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a document in if it is among the best so far. `place` decides between equal scores and must differ. */
  offer(document: number, score: number, place: number): void {
    const offered = { document, score: Number.isNaN(score) ? -Infinity : score, place };
    const heap = this.#heap;
    if (heap.length < this.#limit) {
      heap.push(offered);
      this.#rise(heap.length - 1);
    } else if (heap.length > 0 && isBetter(offered, heap[0]!)) {
      heap[0] = offered;
      this.#sink();
    }
  }

  /** What was kept, best first. */
  ranking(): Ranked[] {
    return this.#heap.toSorted((a, b) => (isBetter(a, b) ? -1 : 1));
  }

  #rise(at: number): void {
    const heap = this.#heap;
    for (
      let parent = (at - 1) >> 1;
      at > 0 && isBetter(heap[parent]!, heap[at]!);
      at = parent, parent = (at - 1) >> 1
    ) {
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    }
  }

  #sink(): void {
    const heap = this.#heap;
    for (let at = 0, child = 1; child < heap.length; at = child, child = 2 * at + 1) {
      if (child + 1 < heap.length && isBetter(heap[child]!, heap[child + 1]!)) child += 1;
      if (!isBetter(heap[at]!, heap[child]!)) return;
      [heap[at], heap[child]] = [heap[child]!, heap[at]!];
    }
  }
}

/** A document, its score, and its place among equals. */
type Ranked = { readonly document: number; readonly score: number; readonly place: number };

function isBetter(a: Ranked, b: Ranked): boolean {
  return a.score > b.score || (a.score === b.score && a.place < b.place);
}
