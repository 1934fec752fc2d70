import type { ScoreActivation } from "@kindred/model-folder";
import { ConfigError } from "@kindred/errors";
import type { TokenizedTexts } from "./embeddings.ts";
import { checkEncodeOptions, type EncodeTokensOptions, type TokenizeOptions } from "./encode-options.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";

/** Two texts that are scored together: a query and a document, a premise and a hypothesis. */
export type TextPair = readonly [first: string, second: string];

/** What makes scores of logits, and how many there are. */
export type CrossEncoderSettings = {
  /** How many numbers a pair gets. */
  readonly labels: number;
  readonly activation: ScoreActivation;
  /** Whether the encoder is told which of the two texts a token is of. */
  readonly usesTypeIds: boolean;
};

/** Options of `predict` and `rank`. `maxLength` counts both texts of a pair, with their special tokens; a prompt is put before the first. */
export type PredictOptions = TokenizeOptions &
  Pick<EncodeTokensOptions, "maxBatchTokens" | "signal" | "priority" | "onProgress" | "onBatch"> & {
    /** What makes scores of logits. Default: the model's own. */
    readonly activation?: ScoreActivation;
    /** Whether a pair's scores are made shares of 1 of each other, where there are several labels. Default: false. */
    readonly applySoftmax?: boolean;
  };

/** Options of `rank`. */
export type RankOptions = Omit<PredictOptions, "applySoftmax"> & {
  /** How many documents are wanted, the best. Default: all. */
  readonly topK?: number;
  /** Whether each comes with its text. Default: false. */
  readonly returnDocuments?: boolean;
};

/** Scores of pairs. */
export type PairScores = {
  /** For each pair `labels` numbers. */
  readonly scores: Float32Array;
  readonly labels: number;
  /** Which pairs had too many tokens and lost some of the longer text. */
  readonly truncated: number[];
  /** For each pair how many tokens were read. */
  readonly tokenCounts: Int32Array;
};

/** A document of a ranking. */
export type RankedDocument = {
  /** Its place in the list that was given. */
  readonly index: number;
  readonly score: number;
  /** Its text, where that was asked for. */
  readonly text?: string;
};

/**
 * A model that reads two texts at once and gives their score: slower than comparing vectors, and better. So vectors find candidates and it
 * ranks them. Make one with `loadCrossEncoder`; close it when done, or bind it with `await using`.
 *
 * Scores equal those of sentence-transformers' `CrossEncoder`.
 *
 * @see Nogueira, Cho (2019), Passage re-ranking with BERT.
 *
 * @example
 * ```ts ignore
 * import { loadCrossEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using crossEncoder = await loadCrossEncoder("ms-marco-MiniLM-L6-v2");
 * const ranking = await crossEncoder.rank("Where is the cat?", ["Stocks fell.", "A cat sat on the mat."]);
 * ranking[0]?.index; // 1
 * ```
 */
export class CrossEncoder {
  readonly settings: CrossEncoderSettings & { readonly maxSeqLength: number };
  /** Whose vector of a pair is its logits. */
  readonly #encoder: SentenceEncoder;

  constructor(encoder: SentenceEncoder, settings: CrossEncoderSettings) {
    this.#encoder = encoder;
    const { labels, activation, usesTypeIds } = settings;
    this.settings = { labels, activation, usesTypeIds, maxSeqLength: encoder.settings.maxSeqLength };
  }

  /** What the encoder is, in a few words. */
  get description(): string {
    return this.#encoder.model.encoder.description;
  }

  /**
   * The scores of pairs, in their order.
   *
   * Rejects with ConfigError for an option that does not exist or does not fit.
   */
  async predict(pairs: readonly TextPair[], options: PredictOptions = {}): Promise<PairScores> {
    const { activation: _, applySoftmax: __, ...ofTexts } = options;
    return this.predictTokens(this.tokenize(pairs, ofTexts), options);
  }

  /** As {@link CrossEncoder.predict}, of pairs that are tokens already, as {@link CrossEncoder.tokenize} makes them. */
  async predictTokens(
    tokens: TokenizedTexts,
    {
      activation = this.settings.activation,
      applySoftmax = false,
      ...options
    }: Omit<PredictOptions, keyof TokenizeOptions> = {},
  ): Promise<PairScores> {
    const { labels } = this.settings;
    const { embeddings: scores, truncated, tokenCounts } = await this.#encoder.encodeTokens(tokens, options);
    if (activation === "sigmoid") for (const [i, logit] of scores.entries()) scores[i] = 1 / (1 + Math.exp(-logit));
    if (applySoftmax && labels > 1)
      for (let at = 0; at < scores.length; at += labels) softmax(scores.subarray(at, at + labels));
    return { scores, labels, truncated, tokenCounts };
  }

  /**
   * The documents by their score with a query, the best first; of equal ones the first that was given.
   *
   * Rejects with ConfigError for an option that does not fit, and for a model of several labels.
   */
  async rank(query: string, documents: readonly string[], options: RankOptions = {}): Promise<RankedDocument[]> {
    const { topK = documents.length, returnDocuments = false, ...others } = options;
    const { labels } = this.settings;
    if (labels !== 1)
      throw new ConfigError(
        `rank: the model has several labels, none of which is the score. Got ${labels} labels, expected 1. Take predict.`,
        { labels },
      );
    if (!Number.isInteger(topK) || topK < 0)
      throw new ConfigError(`rank: topK does not fit. Got ${topK}, expected a whole number.`, { topK });
    const { scores } = await this.predict(
      documents.map((document) => [query, document] as const),
      others,
    );
    const order = Array.from(documents.keys()).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
    return order.slice(0, topK).map((index) => ({
      index,
      score: scores[index] ?? 0,
      ...(returnDocuments ? { text: documents[index] ?? "" } : {}),
    }));
  }

  /**
   * The tokens of pairs as `predict` reads them: the prompt before the first text, the longer text cut where both are too long together.
   *
   * @throws ConfigError for an option that does not exist or does not fit, ShapeError for a text that is none
   */
  tokenize(pairs: readonly TextPair[], options: TokenizeOptions = {}): TokenizedTexts {
    const { model, tokenizer } = this.#encoder;
    const { prompt, maxLength, specialTokens, truncationSide } = checkEncodeOptions([], options, model);
    const encoded = pairs.map(([first, second]) =>
      tokenizer.encodePair(prompt + first, second, { maxLength, specialTokens, truncationSide }),
    );
    const starts = new Int32Array(pairs.length + 1);
    for (const [i, { ids }] of encoded.entries()) starts[i + 1] = (starts[i] ?? 0) + ids.length;
    const joined = (of: "ids" | "typeIds") => {
      const all = new Int32Array(starts[pairs.length] ?? 0);
      for (const [i, pair] of encoded.entries()) all.set(pair[of], starts[i]);
      return all;
    };
    return {
      ids: joined("ids"),
      starts,
      ...(this.settings.usesTypeIds && { typeIds: joined("typeIds") }),
      truncated: encoded.flatMap(({ truncated }, i) => (truncated ? [i] : [])),
    };
  }

  /** The same model for many callers at once, as `gathering` of a sentence encoder is. The two share weights and threads: close one of them. */
  gathering(): CrossEncoder {
    return new CrossEncoder(this.#encoder.gathering(), this.settings);
  }

  /** How many pairs wait for a core, of one that gathers calls; of another 0. */
  get waiting(): number {
    return this.#encoder.waiting;
  }

  /** Frees weights and threads. It is of no use afterwards. */
  async close(): Promise<void> {
    await this.#encoder.close();
  }

  /** As {@link CrossEncoder.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function softmax(logits: Float32Array): void {
  const most = logits.reduce((largest, logit) => Math.max(largest, logit), -Infinity);
  const powers = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  logits.set(powers.map((power) => power / total));
}
