import { ConfigError, nearestName, ShapeError } from "@kindred/errors";
import { type EmbeddingRows, type ScoreMatrix, similarityMatrix } from "@kindred/evaluation";
import type { Tokenizer } from "@kindred/tokenizer";
import type { ModelSettings } from "./model-settings.ts";
import { planBatches, selectSentences, type TokenBatch } from "./token-batch.ts";

/** Where batches of tokens become vectors: this thread, or a mesh of worker threads. */
export type Embedder = {
  /** How many batches it works on at once. */
  readonly cores: number;
  /** The vectors of up to `cores` batches, rows end to end. */
  embed(batches: readonly TokenBatch[]): Promise<Float32Array[]>;
  /** Frees weights and threads. */
  close(): Promise<void>;
};

/** Options of {@link SentenceEncoder.encode}. */
export type EncodeOptions = {
  /** The most tokens of a text that are read, specials included, from 2 to the model's limit. Default: the model's `maxSeqLength`. */
  readonly maxLength?: number;
  /** Divide every vector by its length, also where the model has no Normalize. Default: false. */
  readonly normalizeEmbeddings?: boolean;
  /** The most tokens that a core works on at once; bounds memory. At least `maxLength`. Default: 4096. */
  readonly maxBatchTokens?: number;
  /** Whether `</s>` and its like in a text are read as tokens of that name (`"parse"`, as in Python) or as text. Default: `"parse"`. */
  readonly specialTokens?: "parse" | "plain";
  /** Stops between batches; `encode` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each batch with how many texts are done, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
};

const optionNames = ["maxLength", "normalizeEmbeddings", "maxBatchTokens", "specialTokens", "signal", "onProgress"];

/** Vectors in the order of the inputs, and which inputs were longer than the limit and lost their end. */
export type Embeddings = EmbeddingRows & { readonly truncated: number[] };

/**
 * A loaded model. Make one with `sentenceEncoderFromFiles` or, in Node, `loadSentenceEncoder`; close it when done, or bind it
 * with `await using`.
 */
export class SentenceEncoder {
  readonly settings: ModelSettings;
  readonly tokenizer: Tokenizer;
  readonly #embedder: Embedder;

  constructor(settings: ModelSettings, tokenizer: Tokenizer, embedder: Embedder) {
    this.settings = settings;
    this.tokenizer = tokenizer;
    this.#embedder = embedder;
  }

  /** Length of a vector. */
  get dimension(): number {
    return this.settings.config.hiddenSize * this.settings.pooling.modes.length;
  }

  /**
   * The vector of one text, or of each text of a list, in its order. An empty text has a vector too, that of `<s></s>`; an
   * empty list gives no rows.
   *
   * Texts are sorted by their number of tokens and packed without padding, so the result of a text depends on its neighbours
   * only by rounding (about 1e-7).
   *
   * @throws ConfigError for an option that does not exist or does not fit.
   */
  async encode(input: string | readonly string[], options: EncodeOptions = {}): Promise<Embeddings> {
    const texts = typeof input === "string" ? [input] : input;
    const { maxLength, maxBatchTokens, normalizeEmbeddings, specialTokens, signal, onProgress } = this.#checked(
      texts,
      options,
    );
    const { dimension } = this;
    const lowered = this.settings.doLowerCase ? texts.map((text) => text.toLowerCase()) : texts;
    const tokens = this.tokenizer.encodeBatch(lowered, { maxLength, specialTokens });
    const lengths = tokens.starts.subarray(1).map((end, i) => end - tokens.starts[i]!);
    const batches = planBatches(lengths, maxBatchTokens);
    const embeddings = new Float32Array(texts.length * dimension);
    let done = 0;
    for (let first = 0; first < batches.length; first += this.#embedder.cores) {
      signal?.throwIfAborted();
      const group = batches.slice(first, first + this.#embedder.cores);
      const vectors = await this.#embedder.embed(group.map((indices) => selectSentences(tokens, indices)));
      group.forEach((indices, g) => {
        indices.forEach((sentence, i) => {
          embeddings.set(vectors[g]!.subarray(i * dimension, (i + 1) * dimension), sentence * dimension);
        });
        done += indices.length;
      });
      onProgress?.(done, texts.length);
    }
    if (normalizeEmbeddings && !this.settings.normalize) normalizeRows(embeddings, dimension);
    return { embeddings, dimension, truncated: tokens.truncated };
  }

  /** The similarity of every row of `a` with every row of `b`, by the model's own similarity function; larger is more alike. */
  similarity(a: EmbeddingRows, b: EmbeddingRows): ScoreMatrix {
    return similarityMatrix(a, b, { similarity: this.settings.similarityFunction });
  }

  /** Frees weights and threads. The encoder is of no use afterwards. */
  async close(): Promise<void> {
    await this.#embedder.close();
  }

  /** As {@link SentenceEncoder.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checked(texts: readonly string[], options: EncodeOptions) {
    for (const name of Object.keys(options)) {
      if (optionNames.includes(name)) continue;
      throw new ConfigError(
        `encode: unknown option ${name}. Did you mean ${nearestName(name, optionNames) ?? optionNames.join(", ")}?`,
        { name },
      );
    }
    texts.forEach((text, i) => {
      if (typeof text !== "string")
        throw new ShapeError(`encode: input ${i} is not a text. Got ${typeof text}, expected a string.`);
    });
    const { maxSeqLength } = this.settings;
    const {
      maxLength = maxSeqLength,
      normalizeEmbeddings = false,
      specialTokens = "parse",
      signal,
      onProgress,
    } = options;
    if (!Number.isInteger(maxLength) || maxLength < 2 || maxLength > this.settings.config.maxPositionEmbeddings - 2) {
      const limit = this.settings.config.maxPositionEmbeddings - 2;
      throw new ConfigError(
        `encode: maxLength does not fit the model. Got ${maxLength}, expected a whole number from 2 to ${limit}.`,
        { maxLength },
      );
    }
    const maxBatchTokens = Math.max(options.maxBatchTokens ?? 4096, maxLength);
    return { maxLength, maxBatchTokens, normalizeEmbeddings, specialTokens, signal, onProgress };
  }
}

function normalizeRows(rows: Float32Array, dimension: number): void {
  for (let start = 0; start < rows.length; start += dimension) {
    let squares = 0;
    for (let i = start; i < start + dimension; i++) squares += rows[i]! * rows[i]!;
    const norm = Math.max(Math.sqrt(squares), 1e-12);
    for (let i = start; i < start + dimension; i++) rows[i]! /= norm;
  }
}
