import { type ScoreMatrix, TopRows } from "@kindred/vectors";

/** BM25's two constants, and what a word is. */
export type Bm25Options = {
  /** How soon a word's repetition stops counting. Default 1.2. */
  readonly k1?: number;
  /** How much a long document's words count less, from 0 to 1. Default 0.75. */
  readonly b?: number;
  /** A text's words. Default: lower-cased, each run of a–z and 0–9. */
  readonly tokenize?: (text: string) => readonly string[];
};

/** A document found: its number and its score. */
export type Bm25Hit = { readonly document: number; readonly score: number };

/** Documents made ready for searching. */
export type Bm25Index = {
  /** How many documents there are. */
  readonly documentCount: number;
  /** The score of every document for a query, or of those from one number to before another; 0 for one that shares no word with it. */
  readonly scores: (query: string, from?: number, to?: number) => Float64Array;
  /** The same for many queries, for `mrrOfPairs` and `pairRanks`. */
  readonly scoreMatrix: (queries: readonly string[]) => ScoreMatrix;
  /**
   * The best documents with scores above 0, at most `limit` of them, best first, of equal ones the lower number first.
   */
  readonly search: (query: string, limit: number) => Bm25Hit[];
};

/**
 * Documents ready to be searched by their words: the baseline without a model that a model has to beat.
 *
 *     score(d, q) = Σ over the different words t of q of idf(t) · f(t, d)·(k1 + 1) / (f(t, d) + k1·(1 − b + b·|d|/mean |d|))
 *     idf(t) = ln(1 + (N − n(t) + ½) / (n(t) + ½))
 *
 * with f(t, d) how often document d has the word, |d| its number of words, N the number of documents, n(t) how many of
 * them have the word. A word that stands twice in the query counts once (Robertson's k₃ = 0; counting it twice finds
 * less in short definitions). This idf, Lucene's, is never negative; Robertson's own lacks the 1 +.
 *
 * @see Robertson, Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009, section 3.3
 *
 * @example
 * ```ts
 * import { bm25Index } from "@kindred/evaluation";
 *
 * const index = bm25Index(["The cat sat.", "A dog ran.", "The cat ate the dog's food."]);
 * index.search("Cat food?", 2).map(({ document }) => document); // => [2, 0]
 * index.scores("dog"); // => [0, 0.5377, 0.3755]
 * ```
 */
export function bm25Index(
  documents: readonly string[],
  { k1 = 1.2, b = 0.75, tokenize = lowerCasedWords }: Bm25Options = {},
): Bm25Index {
  const words = documents.map((document) => tokenize(document));
  const meanLength = words.reduce((sum, own) => sum + own.length, 0) / words.length;
  const postings = invert(words);
  const idfOf = (found: number) => Math.log(1 + (words.length - found + 0.5) / (found + 0.5));

  const scores = (query: string, from = 0, to = words.length): Float64Array => {
    const sums = new Float64Array(to - from);
    for (const word of new Set(tokenize(query))) {
      const found = postings.get(word) ?? [];
      const idf = idfOf(found.length);
      // `!`: postings name documents that there are, in their order.
      for (let at = firstAt(found, from); at < found.length && found[at]!.document < to; at++) {
        const { document, frequency } = found[at]!;
        const lengthFactor = 1 - b + (b * words[document]!.length) / meanLength;
        sums[document - from]! += (idf * frequency * (k1 + 1)) / (frequency + k1 * lengthFactor);
      }
    }
    return sums;
  };

  const scoreMatrix = (queries: readonly string[]): ScoreMatrix => {
    const matrix = new Float64Array(queries.length * words.length);
    for (const [i, query] of queries.entries()) matrix.set(scores(query), i * words.length);
    return { scores: matrix, rows: queries.length, columns: words.length };
  };

  const search = (query: string, limit: number): Bm25Hit[] => {
    const top = new TopRows(limit);
    for (const [document, score] of scores(query).entries()) if (score > 0) top.offer(document, score);
    return top.ranking().map(({ row, score }) => ({ document: row, score }));
  };

  return { documentCount: words.length, scores, scoreMatrix, search };
}

/** The place of the first posting of a document that is no lower. */
function firstAt(postings: readonly { readonly document: number }[], document: number): number {
  let [low, high] = [0, postings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((postings[middle]?.document ?? document) < document) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** For each word the documents that have it, with how often they do. */
function invert(
  words: readonly (readonly string[])[],
): Map<string, { readonly document: number; readonly frequency: number }[]> {
  const postings = new Map<string, { document: number; frequency: number }[]>();
  for (const [document, own] of words.entries()) {
    const frequencies = new Map<string, number>();
    for (const word of own) frequencies.set(word, (frequencies.get(word) ?? 0) + 1);
    for (const [word, frequency] of frequencies) {
      const found = postings.get(word);
      if (found === undefined) postings.set(word, [{ document, frequency }]);
      else found.push({ document, frequency });
    }
  }
  return postings;
}

function lowerCasedWords(text: string): readonly string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
}
