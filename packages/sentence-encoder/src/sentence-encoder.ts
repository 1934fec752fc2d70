import { ConfigError } from "@kindred/errors";
import {
  type EmbeddingRows,
  pairSimilarities,
  type Precision,
  quantizeEmbeddings,
  type ScoreMatrix,
  shortenRows,
  similarityMatrix,
} from "@kindred/vectors";
import type { BatchEncoding, Tokenizer } from "@kindred/tokenizer";
import type { Embeddings, QuantizedEmbeddings, TokenEmbeddings } from "./embeddings.ts";
import {
  type CheckedEncodeOptions,
  checkEncodeOptions,
  type EncodeOptions,
  type OutputOptions,
} from "./encode-options.ts";
import type { SentenceModel, SentenceSettings } from "./sentence-model.ts";
import { endsNormalized, sentenceDimension } from "@kindred/pooling";
import { planBatches } from "./plan-batches.ts";
import { selectSentences, type TokenBatch } from "./token-batch.ts";

/** Where batches of tokens become vectors: this thread, or a mesh of worker threads. */
export type Embedder = {
  /** How many batches it works on at once. */
  readonly cores: number;
  /** The vectors of up to `cores` batches, rows end to end. */
  embed(batches: readonly TokenBatch[]): Promise<Float32Array[]>;
  /** The last hidden states of up to `cores` batches, tokens end to end. Without it there are no token embeddings. */
  hiddenStates?(batches: readonly TokenBatch[]): Promise<Float32Array[]>;
  /** Frees weights and threads. */
  close(): Promise<void>;
};

/** Texts to vectors: a text or a list, and what is wanted of them; the kind of result follows from the options. */
export type Encode = {
  (
    input: string | readonly string[],
    options?: EncodeOptions & { readonly precision?: "float32"; readonly outputValue?: "sentenceEmbedding" },
  ): Promise<Embeddings>;
  (
    input: string | readonly string[],
    options: EncodeOptions & { readonly precision: "int8" | "binary" },
  ): Promise<QuantizedEmbeddings<Int8Array>>;
  (
    input: string | readonly string[],
    options: EncodeOptions & { readonly precision: "uint8" | "ubinary" },
  ): Promise<QuantizedEmbeddings<Uint8Array>>;
  (
    input: string | readonly string[],
    options: EncodeOptions & { readonly outputValue: "tokenEmbeddings" },
  ): Promise<TokenEmbeddings>;
  (
    input: string | readonly string[],
    options: EncodeOptions & { readonly precision: Precision; readonly outputValue?: "sentenceEmbedding" },
  ): Promise<Embeddings | QuantizedEmbeddings>;
  (
    input: string | readonly string[],
    options: EncodeOptions & OutputOptions,
  ): Promise<Embeddings | QuantizedEmbeddings | TokenEmbeddings>;
};

/**
 * A loaded model. Make one with `sentenceEncoderFromFiles` or, in Node, `loadSentenceEncoder`; close it when done, or
 * bind it with `await using`.
 *
 * @example
 * ```ts ignore
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using encoder = await loadSentenceEncoder("runs/my-run/model");
 * const documents = await encoder.encodeDocument(["A cat sat on the mat.", "Stocks fell."]);
 * const query = await encoder.encodeQuery("Where is the cat?");
 * encoder.similarity(query, documents).scores; // one row: the query's cosine with each document
 * ```
 */
export class SentenceEncoder {
  /** What the model is, without its parameters. */
  readonly model: SentenceModel;
  readonly #embedder: Embedder;

  /**
   * The vector of one text, or of each text of a list, in its order. An empty text has a vector too, that of `<s></s>`;
   * an empty list gives no rows. With `outputValue: "tokenEmbeddings"` a vector for every token, before pooling; with a
   * `precision` other than float32 the vectors are quantised, all by the same ranges.
   *
   * Texts are sorted by their number of tokens and packed without padding, so the result of a text depends on its
   * neighbours only by rounding (about 1e-7).
   *
   * Rejects with ConfigError for an option that does not exist or does not fit.
   */
  readonly encode: Encode;
  /**
   * As {@link SentenceEncoder.encode}, with the model's prompt `query` where none is named; without one, with no
   * prompt.
   */
  readonly encodeQuery: Encode;
  /**
   * As {@link SentenceEncoder.encode}, with the model's prompt `document` where none is named; without one, with no
   * prompt.
   *
   * As in sentence-transformers `document` is there, empty, in every model: its `passage` and `corpus` are never come
   * to.
   */
  readonly encodeDocument: Encode;

  constructor(model: SentenceModel, embedder: Embedder) {
    this.model = model;
    this.#embedder = embedder;
    const encodeAs = (byDefault: string) =>
      (async (input, options: EncodeOptions & OutputOptions = {}) =>
        this.#encode(input, { ...options, promptName: options.promptName ?? byDefault })) as Encode;
    this.encode = (async (input, options = {}) => this.#encode(input, options)) as Encode;
    this.encodeQuery = encodeAs("query");
    this.encodeDocument = encodeAs("document");
  }

  /** Length of a vector, unless `encode` is told to cut it. */
  get dimension(): number {
    return Math.min(this.settings.truncateDim ?? Number.POSITIVE_INFINITY, this.#wholeDimension);
  }

  get settings(): SentenceSettings {
    return this.model.settings;
  }

  get tokenizer(): Tokenizer {
    return this.model.tokenizer;
  }

  get #wholeDimension(): number {
    return sentenceDimension(this.model.modules);
  }

  /**
   * The similarity of every row of `a` with every row of `b`, by the model's own similarity function; larger is more
   * alike.
   */
  similarity(a: EmbeddingRows, b: EmbeddingRows): ScoreMatrix {
    return similarityMatrix(a, b, { similarity: this.settings.similarityFunction });
  }

  /** The similarity of row i of `a` with row i of `b`, for each i, by the model's own similarity function. */
  similarityPairwise(a: EmbeddingRows, b: EmbeddingRows): Float64Array {
    return pairSimilarities(a, b, { similarity: this.settings.similarityFunction });
  }

  /** Frees weights and threads. The encoder is of no use afterwards. */
  async close(): Promise<void> {
    await this.#embedder.close();
  }

  /** As {@link SentenceEncoder.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #encode(
    input: string | readonly string[],
    options: EncodeOptions & OutputOptions,
  ): Promise<Embeddings | QuantizedEmbeddings | TokenEmbeddings> {
    const texts = typeof input === "string" ? [input] : input;
    const dimension = this.#wholeDimension;
    const checked = checkEncodeOptions(texts, options, this.model);
    const { prompt, maxLength, specialTokens, precision, truncateDim, ranges, calibrationEmbeddings } = checked;
    const prompted = prompt === "" ? texts : texts.map((text) => prompt + text);
    const tokens = this.tokenizer.encodeBatch(prompted, { maxLength, specialTokens });
    const { truncated } = tokens;
    if (checked.outputValue === "tokenEmbeddings") return this.#tokenEmbeddings(tokens, checked);
    const embeddings = new Float32Array(texts.length * dimension);
    const batch = { ...tokens, promptLength: this.#promptLength(checked) };
    const embed = (batches: readonly TokenBatch[]) => this.#embedder.embed(batches);
    await this.#run(batch, checked, embed, (sentence, values, place) => {
      embeddings.set(values.subarray(place * dimension, (place + 1) * dimension), sentence * dimension);
    });
    const normalize = checked.normalizeEmbeddings || (endsNormalized(this.model.modules) && truncateDim < dimension);
    const rows = shortenRows({ embeddings, dimension }, { dimension: truncateDim, normalize });
    if (precision === "float32") return { ...rows, truncated };
    const quantization = {
      precision,
      ...(ranges === undefined ? {} : { ranges }),
      ...(calibrationEmbeddings === undefined ? {} : { calibrationEmbeddings }),
    };
    return { ...quantizeEmbeddings(rows, quantization), truncated };
  }

  async #tokenEmbeddings(tokens: BatchEncoding, options: CheckedEncodeOptions): Promise<TokenEmbeddings> {
    const { hiddenStates } = this.#embedder;
    if (hiddenStates === undefined)
      throw new ConfigError("encode: this encoder gives no token embeddings. Expected outputValue sentenceEmbedding.");
    const dimension = this.model.encoder.sizes.hidden;
    const { ids, starts, truncated } = tokens;
    const tokenIds = Array.from(starts.subarray(1), (end, sentence) => ids.slice(starts[sentence], end));
    const tokenEmbeddings: Float32Array[] = [];
    const embed = (batches: readonly TokenBatch[]) => hiddenStates.call(this.#embedder, batches);
    await this.#run({ ids, starts }, options, embed, (sentence, values, place, batch) => {
      tokenEmbeddings[sentence] = values.slice(batch.starts[place]! * dimension, batch.starts[place + 1]! * dimension);
    });
    return { tokenEmbeddings, tokenIds, dimension, truncated };
  }

  /**
   * Runs sentences through the embedder in batches; `take` gets each one with its batch's values and its place among
   * them.
   */
  async #run(
    tokens: TokenBatch,
    { maxBatchTokens, signal, onProgress }: CheckedEncodeOptions,
    embed: (batches: readonly TokenBatch[]) => Promise<Float32Array[]>,
    take: (sentence: number, values: Float32Array, place: number, batch: TokenBatch) => void,
  ): Promise<void> {
    const { starts } = tokens;
    const total = starts.length - 1;
    const { cores } = this.#embedder;
    const lengths = starts.subarray(1).map((end, i) => end - starts[i]!);
    const plan = planBatches(lengths, { maxBatchTokens, cores });
    let done = 0;
    for (let first = 0; first < plan.length; first += cores) {
      signal?.throwIfAborted();
      const group = plan.slice(first, first + cores);
      const batches = group.map((sentences) => selectSentences(tokens, sentences));
      const values = await embed(batches);
      for (const [g, sentences] of group.entries()) {
        for (const [place, sentence] of sentences.entries()) take(sentence, values[g]!, place, batches[g]!);
        done += sentences.length;
      }
      onProgress?.(done, total);
    }
  }

  /**
   * How many tokens a prompt takes at the beginning of a text, the first special one among them, if pooling leaves them out; else 0.
   */
  #promptLength({ prompt, specialTokens }: CheckedEncodeOptions): number {
    const [{ includePrompt = true }] = this.model.modules;
    if (prompt === "" || includePrompt) return 0;
    const maxLength = this.settings.maxSeqLength;
    return this.tokenizer.encode(prompt, { maxLength, specialTokens }).ids.length - 1; // less the last special token
  }
}
