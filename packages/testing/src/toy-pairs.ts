const adjectives = ["red", "blue", "old", "new", "big", "small", "wet", "dry", "warm", "cold"];
const nouns = ["cat", "dog", "house", "tree", "car", "boat", "hat", "lamp", "door", "shoe", "cup", "road"];

/** 120 pairs in words of a small vocabulary: a phrase, and the same said otherwise. A tiny model learns them in a dozen steps. */
export const toyPairs: readonly (readonly [string, string])[] = adjectives.flatMap((adjective) =>
  nouns.map((noun) => [`the ${adjective} ${noun}`, `a ${noun} that is ${adjective}`] as const),
);

/** The text of a `vocab.txt` of MPNet's form that has every word of {@link toyPairs}. */
export const toyVocabulary: string = [
  "<s>",
  "<pad>",
  "</s>",
  "<unk>",
  "the",
  "a",
  "that",
  "is",
  ...adjectives,
  ...nouns,
  "[UNK]",
  "<mask>",
]
  .map((token) => `${token}\n`)
  .join("");
