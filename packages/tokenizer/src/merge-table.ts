/** Which pairs of ids are joined, in which order and into what. */
export type MergeTable = {
  /** Where the pair stands in the table, −1 if it is not joined. */
  readonly find: (left: number, right: number) => number;
  /** How many pairs are joined before the one at a place. */
  readonly rankAt: (place: number) => number;
  /** What the pair at a place becomes. */
  readonly idAt: (place: number) => number;
};

/**
 * A table of merges, flat `[left, right, joined, …]` in the order of their ranks. Of a pair that is there twice the later one counts,
 * as in the Rust tokenizers.
 *
 * An open-addressed hash table of (left, right, rank, joined), at most half full: 2 MB for 50,000 merges.
 */
export function mergeTable(merges: Int32Array): MergeTable {
  const slots = 2 ** Math.ceil(Math.log2((2 * merges.length) / 3 + 2));
  const table = new Int32Array(4 * slots).fill(-1);

  // `!`: slots are taken modulo their number, so that no index below misses its array.

  /** Where the pair lies, or would lie. */
  const slotOf = (left: number, right: number) => {
    let slot = (Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & (slots - 1);
    while (table[4 * slot]! >= 0 && (table[4 * slot] !== left || table[4 * slot + 1] !== right))
      slot = (slot + 1) & (slots - 1);
    return 4 * slot;
  };

  for (let at = 0; at < merges.length; at += 3) {
    const [left, right, joined] = [merges[at]!, merges[at + 1]!, merges[at + 2]!];
    table.set([left, right, at / 3, joined], slotOf(left, right));
  }
  return {
    find: (left, right) => {
      const place = slotOf(left, right);
      return table[place]! < 0 ? -1 : place;
    },
    rankAt: (place) => table[place + 2]!,
    idAt: (place) => table[place + 3]!,
  };
}
