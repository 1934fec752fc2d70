const smallest = 256;
const mostKept = 65_536; // pieces, 768 KB

/**
 * The pieces of texts in the order they were read: an id each, and where it came from. Made to be filled again and again, so that
 * reading a text leaves no garbage.
 */
export class PieceList {
  /** The ids, of which the first `count` are pieces. */
  ids = new Int32Array(smallest);
  /** Flat `[start0, end0, …]` in UTF-16 units of the input, of which the first `2 · count` belong to pieces. */
  offsets = new Int32Array(2 * smallest);
  /** How many pieces there are. May be lowered to drop the last ones. */
  count = 0;
  /** The `count` at which a reader may stop. */
  limit = Number.POSITIVE_INFINITY;
  /** Where the part that is being read begins in the input: added to the offsets of each piece. */
  origin = 0;

  /** Whether there are as many pieces as wanted. */
  get full(): boolean {
    return this.count >= this.limit;
  }

  /** Appends a piece. */
  push(id: number, start: number, end: number): void {
    const { count, origin } = this;
    if (count === this.ids.length) this.#resize(2 * count);
    this.ids[count] = id;
    this.offsets[2 * count] = origin + start;
    this.offsets[2 * count + 1] = origin + end;
    this.count = count + 1;
  }

  /**
   * Puts the places of the pieces from the one at `from` on, which lie in a normalized text, where that text came from.
   *
   * @param starts where in `text`, which begins at `origin`, each unit of the normalized text came from
   */
  align(from: number, starts: Int32Array, text: string): void {
    const { offsets, origin } = this;
    // `!`: each piece has two offsets, and lies within the normalized text.
    for (let at = 2 * from; at < 2 * this.count; at += 2) {
      const start = offsets[at]! - origin;
      const end = offsets[at + 1]! - origin;
      offsets[at] = origin + (starts[start] ?? text.length);
      if (start === end) offsets[at + 1] = offsets[at]!;
      else {
        const last = starts[end - 1]!;
        offsets[at + 1] = origin + last + (text.codePointAt(last)! > 0xffff ? 2 : 1);
      }
    }
  }

  /** Drops `count` pieces from the one at `first` on; those behind them move up. */
  drop(first: number, count: number): void {
    this.ids.copyWithin(first, first + count, this.count);
    this.offsets.copyWithin(2 * first, 2 * (first + count), 2 * this.count);
    this.count -= count;
  }

  /** Drops every piece with an id, from the one at `first` on. */
  dropAll(first: number, id: number): void {
    const { ids, offsets } = this;
    let kept = first;
    for (let i = first; i < this.count; i++) {
      if (ids[i] === id) continue;
      ids[kept] = ids[i]!; // `!`: below the count
      offsets.copyWithin(2 * kept, 2 * i, 2 * i + 2);
      kept++;
    }
    this.count = kept;
  }

  /** Drops all pieces, the memory that a huge text took, and whatever a reader that threw left. */
  clear(): void {
    this.count = 0;
    this.origin = 0;
    if (this.ids.length > mostKept) this.#resize(smallest);
  }

  #resize(capacity: number): void {
    const { ids, offsets, count } = this;
    this.ids = new Int32Array(capacity);
    this.ids.set(ids.subarray(0, count));
    this.offsets = new Int32Array(2 * capacity);
    this.offsets.set(offsets.subarray(0, 2 * count));
  }
}
