import { tmpdir } from "node:os";
import { ConfigError, DataError } from "@kindred/errors";
import { childKey, integerAt, keyFromSeed } from "@kindred/random";
import { semanticSearch } from "@kindred/search";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { type NegativeRules, negativeRules, pickNegatives, type RankedRow } from "@kindred/vectors";
import { type Found, type outputFormats, pairsWithout, rowsOf } from "./mined-rows.ts";
import { VectorFile } from "./vector-file.ts";

/** Options of {@link mineHardNegatives}. Names, defaults and meanings are sentence-transformers'. */
export type MineOptions = Omit<NegativeRules, "count" | "draw"> & {
  /** How many negatives a query is to have. Default 3. */
  readonly numNegatives?: number | undefined;
  /** The nearest of the range, or some drawn from it. Default `"top"`. */
  readonly samplingStrategy?: "top" | "random" | undefined;
  /** Of what is drawn. Default 42. */
  readonly seed?: number | undefined;
  /** More texts among which to look, beside all positives. Default: none. */
  readonly corpus?: AsyncIterable<string> | Iterable<string> | undefined;
  /** The model's prompts of these names are put before queries and texts. Default: those called query and document, if there are. */
  readonly queryPromptName?: string | undefined;
  readonly corpusPromptName?: string | undefined;
  /** These texts are, instead. */
  readonly queryPrompt?: string | undefined;
  readonly corpusPrompt?: string | undefined;
  /**
   * - `"triplet"` (default): a row for each query, positive and negative
   * - `"n-tuple"`: for each query and positive, with all negatives; one with too few is left out
   * - `"labeled-pair"`: for each query and text, with the label 1 or 0
   * - `"labeled-list"`: for each query and positive, with a list of documents and one of labels
   */
  readonly outputFormat?: (typeof outputFormats)[number] | undefined;
  /** Scores beside the texts, or in the place of labels. Default: no. */
  readonly outputScores?: boolean | undefined;
  /** A folder for the vectors, 4 bytes a number. Default: the system's for temporary files. */
  readonly scratch?: string | undefined;
  readonly onProgress?: ((progress: MineProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Texts encoded, or queries looked up, so far. */
export type MineProgress = { readonly stage: "encoding" | "searching"; readonly done: number; readonly total: number };

/** What was found. */
export type MineSummary = {
  readonly pairs: number;
  /** Pairs that were there already. */
  readonly repeatedPairs: number;
  readonly queries: number;
  /** Different texts among which was looked. */
  readonly corpus: number;
  readonly rangeMax: number;
  readonly rows: number;
  readonly negatives: number;
  /** Queries with fewer negatives than asked for, and those of them with none. */
  readonly queriesWithFewer: number;
  readonly queriesWithNone: number;
  /** Pairs of a query and a positive that give no row, as negatives are missing. */
  readonly pairsLeftOut: number;
  /** Candidates passed over, by rule; `ownText` are those that are the query itself. */
  readonly passedOver: { readonly [rule in (typeof negativeRules)[number] | "ownText"]: number };
  /** Mean scores of the pairs and of the negatives; undefined of none. */
  readonly meanPositive: number | undefined;
  readonly meanNegative: number | undefined;
};

/** Texts that are encoded at once, and queries that are looked up in one pass over the vectors. */
const [textWindow, queryWindow] = [4096, 4096];

/**
 * Adds hard negatives to pairs of a query and a positive: texts that a model finds near the query, of which none is one of its positives. Rows
 * come as they are found, in the order of the queries, ready to be lines of a training file. At the end, a summary is returned.
 *
 * Every text is compared with every query (no index), in float64; vectors lie in a file and are read piece by piece, texts are in memory.
 *
 * Without `rangeMax` the `numNegatives` nearest are looked at, ten times as many where a margin or `maxScore` may pass some over, and as many more
 * as a query has positives at most. Of a query's positives the least score counts for margins.
 *
 * **Differs from sentence-transformers** in that a text that equals the query is never its negative, in what is drawn at random, and in
 * that rescoring by a cross-encoder and `include_positives` are not there.
 *
 * @throws ConfigError for a range that holds too few; DataError if there are no pairs
 * @see sentence-transformers 6.2, `mine_hard_negatives`; Moreira et al. (2024), NV-Retriever
 *
 * @example
 * ```ts ignore
 * import { mineHardNegatives } from "@kindred/train";
 *
 * const rows = mineHardNegatives([["a cat", "a kitten"]], encoder, { relativeMargin: 0.05 });
 * for await (const row of rows) console.log(JSON.stringify(row)); // {"anchor":"a cat","positive":"a kitten","negative":…}
 * ```
 */
export async function* mineHardNegatives(
  pairs: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  encoder: Pick<SentenceEncoder, "encodeQuery" | "encodeDocument" | "similarityPairwise" | "settings" | "dimension">,
  options: MineOptions = {},
): AsyncGenerator<object, MineSummary> {
  const { numNegatives = 3, rangeMin = 0, samplingStrategy = "top", seed = 42, scratch = tmpdir(), signal } = options;
  const { outputFormat = "triplet", outputScores = false, onProgress } = options;
  const { corpus, queries, counts } = await readPairs(pairs, options.corpus ?? [], signal);
  const mostPositives = [...queries.values()].reduce((most, { pairs }) => Math.max(most, pairs), 0);
  const mayPassOver = [options.absoluteMargin, options.relativeMargin, options.maxScore].some(
    (rule) => rule !== undefined,
  );
  const { rangeMax = rangeMin + numNegatives * (mayPassOver ? 10 : 1) + mostPositives } = options;
  expectRange({ rangeMin, rangeMax, numNegatives });

  const texts = [...corpus.keys()];
  const ofCorpus = promptOf(options.corpusPrompt, options.corpusPromptName);
  const ofQueries = promptOf(options.queryPrompt, options.queryPromptName);
  const encoded = { normalizeEmbeddings: true, ...(signal && { signal }) };
  await using vectors = await VectorFile.create(scratch, encoder.dimension);
  for (let from = 0; from < texts.length; from += textWindow) {
    onProgress?.({ stage: "encoding", done: from, total: texts.length });
    await vectors.append(
      await encoder.encodeDocument(texts.slice(from, from + textWindow), { ...encoded, ...ofCorpus }),
    );
  }

  const { similarityFunction: similarity } = encoder.settings;
  const tally = new Tally();
  const names = [...queries.keys()];
  for (let from = 0; from < names.length; from += queryWindow) {
    onProgress?.({ stage: "searching", done: from, total: names.length });
    const window = names.slice(from, from + queryWindow);
    const embedded = await encoder.encodeQuery(window, { ...encoded, ...ofQueries });
    // One more than are looked at, as one may be the query itself.
    const nearest = await semanticSearch(embedded, vectors.pieces(), {
      topK: rangeMax + mostPositives + 1,
      similarity,
      ...(signal && { signal }),
    });
    for (const [i, query] of window.entries()) {
      signal?.throwIfAborted();
      const { positives = [] } = queries.get(query) ?? {};
      const { dimension } = embedded;
      const own = embedded.embeddings.subarray(i * dimension, (i + 1) * dimension);
      const repeated = { embeddings: repeatedRow(own, positives.length), dimension };
      const positiveScores = encoder.similarityPairwise(repeated, await vectors.at(positives));
      const isPositive = new Set(positives);
      const ownText = corpus.get(query);
      const others = (nearest[i] ?? []).filter(({ row }) => row !== ownText);
      const looked = others.slice(0, rangeMax + mostPositives);
      const key = childKey(keyFromSeed(seed), "mine", from + i);
      let drawn = 0;
      const draw = (bound: number) => integerAt(key, drawn++, bound);
      const { negatives, passedOver } = pickNegatives(
        looked.filter(({ row }) => !isPositive.has(row)),
        positiveScores.reduce((least, score) => Math.min(least, score), Infinity),
        { ...options, rangeMin, rangeMax, count: numNegatives, draw: samplingStrategy === "random" ? draw : undefined },
      );
      tally.add({ negatives, passedOver, positiveScores, numNegatives });
      tally.ownText += others.length < (nearest[i]?.length ?? 0) && !isPositive.has(ownText ?? -1) ? 1 : 0;
      const found: Found = {
        query,
        positives: positives.map((row, j) => ({ text: texts[row] ?? "", score: positiveScores[j] ?? 0 })),
        negatives: negatives.map(({ row, score }) => ({ text: texts[row] ?? "", score })),
      };
      const rows = rowsOf[outputFormat](found, { outputScores, numNegatives });
      tally.rows += rows.length;
      tally.pairsLeftOut += outputFormat === "labeled-pair" ? 0 : pairsWithout(found, rows.length, outputFormat);
      yield* rows;
    }
  }
  return { ...counts, queries: names.length, corpus: texts.length, rangeMax, ...tally.summary() };
}

function promptOf(prompt: string | undefined, promptName: string | undefined) {
  return { ...(prompt !== undefined && { prompt }), ...(promptName !== undefined && { promptName }) };
}

function repeatedRow(row: Float32Array, count: number): Float32Array {
  const rows = new Float32Array(row.length * count);
  for (let i = 0; i < count; i++) rows.set(row, i * row.length);
  return rows;
}

function expectRange({
  rangeMin,
  rangeMax,
  numNegatives,
}: {
  rangeMin: number;
  rangeMax: number;
  numNegatives: number;
}): void {
  if (rangeMax - rangeMin >= numNegatives) return;
  throw new ConfigError(
    `mineHardNegatives: the range holds too few. Got rangeMin ${rangeMin} and rangeMax ${rangeMax} for ${numNegatives} negatives. Raise rangeMax (--range-max), or lower rangeMin or numNegatives.`,
    { rangeMin, rangeMax, numNegatives },
  );
}

/** Different queries, each with the numbers of its positives among different texts. */
async function readPairs(
  pairs: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
  more: AsyncIterable<string> | Iterable<string>,
  signal: AbortSignal | undefined,
) {
  const corpus = new Map<string, number>();
  const numberOf = (text: string) => {
    const known = corpus.get(text);
    if (known !== undefined) return known;
    corpus.set(text, corpus.size);
    return corpus.size - 1;
  };
  for await (const text of more) numberOf(text);
  const queries = new Map<string, { positives: number[]; pairs: number }>();
  const counts = { pairs: 0, repeatedPairs: 0 };
  for await (const [query = "", positive = ""] of pairs) {
    signal?.throwIfAborted();
    counts.pairs++;
    const row = numberOf(positive);
    const known = queries.get(query);
    if (known === undefined) queries.set(query, { positives: [row], pairs: 1 });
    else {
      known.pairs++;
      if (known.positives.includes(row)) counts.repeatedPairs++;
      else known.positives.push(row);
    }
  }
  if (queries.size === 0)
    throw new DataError({ file: "the pairs" }, "mineHardNegatives: there are none. Expected one or more.");
  return { corpus, queries, counts };
}

/** Counts over all queries. */
class Tally {
  rows = 0;
  ownText = 0;
  pairsLeftOut = 0;
  #queriesWithFewer = 0;
  #queriesWithNone = 0;
  #passedOver = { absoluteMargin: 0, relativeMargin: 0, maxScore: 0, minScore: 0 };
  #positive = { sum: 0, count: 0 };
  #negative = { sum: 0, count: 0 };

  add(of: {
    readonly negatives: readonly RankedRow[];
    readonly passedOver: { readonly [rule in (typeof negativeRules)[number]]: number };
    readonly positiveScores: Float64Array;
    readonly numNegatives: number;
  }): void {
    const { negatives, passedOver, positiveScores, numNegatives } = of;
    if (negatives.length < numNegatives) this.#queriesWithFewer++;
    if (negatives.length === 0) this.#queriesWithNone++;
    for (const rule of negativeRules) this.#passedOver[rule] += passedOver[rule];
    for (const score of positiveScores) this.#positive.sum += score;
    this.#positive.count += positiveScores.length;
    for (const { score } of negatives) this.#negative.sum += score;
    this.#negative.count += negatives.length;
  }

  summary() {
    const mean = ({ sum, count }: { sum: number; count: number }) => (count === 0 ? undefined : sum / count);
    return {
      rows: this.rows,
      negatives: this.#negative.count,
      queriesWithFewer: this.#queriesWithFewer,
      queriesWithNone: this.#queriesWithNone,
      pairsLeftOut: this.pairsLeftOut,
      passedOver: { ...this.#passedOver, ownText: this.ownText },
      meanPositive: mean(this.#positive),
      meanNegative: mean(this.#negative),
    };
  }
}
