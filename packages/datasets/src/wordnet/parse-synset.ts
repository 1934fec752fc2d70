/** One entry of a WordNet data file: a set of synonyms with its gloss taken apart. */
export type Synset = {
  /** Where the entry begins in its file, eight digits: its identity within a part of speech. */
  readonly offset: string;
  /** n, v, a, s (an adjective grouped under another one) or r (adverb). */
  readonly type: string;
  /** The synonyms, spaces between words. */
  readonly lemmas: readonly string[];
  /** What the synonyms mean. */
  readonly definition: string;
  /** Sentences and phrases that use one of them. */
  readonly examples: readonly string[];
};

/**
 * The entry that a line of a WordNet data file (data.noun, data.verb, data.adj, data.adv) holds; undefined for the
 * lines of the licence, which begin with two spaces, and for an empty line.
 *
 * The gloss follows the first `|`. Examples are its quoted segments; the definition is what stands before the first `;
 * "`, or, in the 22 glosses whose first quote follows something else, before the first quote, without the colon or
 * comma that led to it. Underscores in a lemma are spaces, and an adjective's marker of position (`(a)`, `(p)`, `(ip)`)
 * is dropped.
 *
 * @returns undefined also when the line is none of WordNet's (fewer lemmas than it declares, no gloss)
 * @see Princeton University, WordNet 3.1 reference manual, wndb(5WN), "Data file format"
 *
 * @example
 * ```ts
 * import { parseSynset } from "@kindred/datasets";
 *
 * const line = '00002312 00 a 02 abaxial 0 dorsal(a) 4 000 | away from the axis; "the abaxial surface of a leaf"  ';
 * parseSynset(line)?.lemmas; // => ["abaxial", "dorsal"]
 * parseSynset(line)?.definition; // => "away from the axis"
 * parseSynset(line)?.examples; // => ["the abaxial surface of a leaf"]
 * ```
 */
export function parseSynset(line: string): Synset | undefined {
  const bar = line.indexOf("|");
  if (line.startsWith("  ") || bar < 0) return undefined;
  const [offset = "", , type = "", lemmaCount = "", ...words] = line.slice(0, bar).trim().split(/\s+/);
  const count = Number.parseInt(lemmaCount, 16);
  if (!/^\d{8}$/.test(offset) || !(count > 0) || words.length < 2 * count) return undefined;
  const lemmas = words
    .filter((_, i) => i % 2 === 0 && i < 2 * count) // each is followed by a number
    .map((word) => word.replace(/\((a|p|ip)\)$/, "").replaceAll("_", " "));
  return { offset, type, lemmas, ...glossParts(line.slice(bar + 1).trim()) };
}

function glossParts(gloss: string): { readonly definition: string; readonly examples: readonly string[] } {
  const examples = Array.from(gloss.matchAll(/"([^"]*)"/g), ([, quoted = ""]) => quoted.trim());
  const afterDefinition = gloss.indexOf('; "');
  if (afterDefinition >= 0) return { definition: gloss.slice(0, afterDefinition).trim(), examples };
  const quote = gloss.indexOf('"');
  if (quote < 0) return { definition: gloss, examples };
  return { definition: gloss.slice(0, quote).replace(/[\s:;,]+$/, ""), examples };
}
