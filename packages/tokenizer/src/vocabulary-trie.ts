/** A trie over a vocabulary's UTF-16 units. Nodes are numbers, the root is 0, and −1 means *nowhere*. */
export type VocabularyTrie = {
  /** The node one unit further, −1 if no entry goes on that way. */
  readonly step: (node: number, unit: number) => number;
  /** The id of the entry that ends at a node, −1 if none does. */
  readonly idAt: (node: number) => number;
};

/**
 * The trie of a list of entries, whose ids are their indices. It finds the longest entry that a text begins with in one walk, with
 * no substring made.
 *
 * The edges lie in one open-addressed hash table of (node, unit, next node), at most half full: with a `Map` keyed by
 * both, encoding English takes 1.6 times as long. It takes 6 MB for a vocabulary of 30,000.
 */
export function vocabularyTrie(entries: readonly string[]): VocabularyTrie {
  const mostEdges = entries.reduce((sum, entry) => sum + entry.length, 0);
  const slots = 2 ** Math.ceil(Math.log2(2 * mostEdges + 2));
  const edges = new Int32Array(3 * slots).fill(-1);
  const ids = new Int32Array(mostEdges + 1).fill(-1);

  // `!`: slots are taken modulo their number and nodes are those that were given out, so that no index below misses its array.

  /** Where in `edges` the edge lies, or would lie. */
  const find = (node: number, unit: number) => {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & (slots - 1);
    while (edges[3 * slot]! >= 0 && (edges[3 * slot] !== node || edges[3 * slot + 1] !== unit))
      slot = (slot + 1) & (slots - 1);
    return 3 * slot;
  };

  let nodes = 1;
  for (const [id, entry] of entries.entries()) {
    if (entry === "") continue; // an id without a token
    let node = 0;
    for (let i = 0; i < entry.length; i++) {
      const edge = find(node, entry.charCodeAt(i));
      if (edges[edge]! < 0) edges.set([node, entry.charCodeAt(i), nodes++], edge);
      node = edges[edge + 2]!;
    }
    ids[node] = id;
  }
  return {
    step: (node, unit) => (node < 0 ? -1 : edges[find(node, unit) + 2]!),
    idAt: (node) => ids[node]!,
  };
}
