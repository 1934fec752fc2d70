import {
  type EmbeddingRows,
  pairSimilarities,
  type Precision,
  quantizeEmbeddings,
  type ScoreMatrix,
  shortenRows,
  similarityMatrix,
} from "@kindred/vectors";
import type { WeightForm } from "@kindred/nn";
import type { Tokenizer } from "@kindred/tokenizer";
import type {
  Embeddings,
  Encode,
  EncodeTokens,
  QuantizedEmbeddings,
  TokenEmbeddings,
  TokenizedTexts,
} from "./embeddings.ts";
import {
  type CheckedEncodeOptions,
  checkEncodeOptions,
  type EncodeOptions,
  expectTokens,
  type OutputOptions,
  type TokenizeOptions,
} from "./encode-options.ts";
import { gatherJobs } from "./gather-jobs.ts";
import { batchesFor, type Embedder, type EmbeddingJob } from "./local-embedder.ts";
import type { SentenceModel, SentenceSettings } from "./sentence-model.ts";
import { framedIds, joinTexts, type TextInput } from "./text-input.ts";
import { endsNormalized, sentenceDimension } from "@kindred/pooling";
import { type EncodedWindow, encodeStream, type EncodeStreamOptions } from "./encode-stream.ts";
import { selectSentences, sentenceLengths, type TokenBatch } from "./embed-sentences.ts";

/** A model that reads texts of any length gets no more tokens at a time for that. */
const longestRoom = 8192;

/** Inputs of so few tokens go before longer ones: on one core they take a fraction of a second. */
const urgentTokens = 512;

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
  readonly #warnOnce: (message: string) => void;

  /**
   * The vector of one text, or of each text of a list, in its order. An empty text has a vector too, that of `<s></s>`;
   * an empty list gives no rows. In a list the ids of a text's tokens, of this model's vocabulary, may stand for the text. With `outputValue: "tokenEmbeddings"` a vector for every token, before pooling; with a
   * `precision` other than float32 the vectors are quantised, all by the same ranges.
   *
   * Texts are sorted by their number of tokens and packed without padding. On wasm's own kernels the vector of a text is the same to
   * the last bit whatever it is encoded with; on other engines it may differ by rounding (about 1e-7).
   *
   * Rejects with ConfigError for an option that does not exist or does not fit, and with ShapeError for an id that no token has.
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
  /**
   * As {@link SentenceEncoder.encode}, of texts that are tokens already, as `tokenize` makes them: `encode` is the two, one after the other.
   *
   * Rejects with ShapeError for a text without tokens or with more than the model has positions for.
   */
  readonly encodeTokens: EncodeTokens;

  /** @param options `onWarning`: told once of each length that vectors are cut to, and were not trained for. Default: `console.warn`. */
  constructor(
    model: SentenceModel,
    embedder: Embedder,
    { onWarning = console.warn }: { readonly onWarning?: (message: string) => void } = {},
  ) {
    this.model = model;
    this.#embedder = embedder;
    const told = new Set<string>();
    this.#warnOnce = (message) => {
      if (told.has(message)) return;
      told.add(message);
      onWarning(message);
    };
    const encodeAs = (byDefault: string) =>
      (async (input, options: EncodeOptions & OutputOptions = {}) =>
        this.#encode(input, { ...options, promptName: options.promptName ?? byDefault })) as Encode;
    this.encode = (async (input, options = {}) => this.#encode(input, options)) as Encode;
    this.encodeQuery = encodeAs("query");
    this.encodeDocument = encodeAs("document");
    this.encodeTokens = (async (tokens, options: EncodeOptions & OutputOptions = {}) => {
      expectTokens(tokens, model);
      return this.#encodeTokens(tokens, checkEncodeOptions([], options, model));
    }) as EncodeTokens;
  }

  /**
   * The tokens of one text or of a list, as `encode` reads them: with the prompt in front, cut at the limit. It says which were cut. Ids that
   * stand for a text are given the special tokens around them, and no prompt.
   *
   * @throws ConfigError for an option that does not exist or does not fit; ShapeError for an id that no token has.
   */
  tokenize(input: string | readonly TextInput[], options: TokenizeOptions = {}): TokenizedTexts {
    const texts = typeof input === "string" ? [input] : input;
    return this.#tokenize(texts, checkEncodeOptions(texts, options, this.model));
  }

  /**
   * The same encoder for many callers at once: batches of calls that wait for a core together are computed together, in up to
   * `maxBatchTokens` tokens, as soon as one is free, and none waits for company that is not there. A call that is given up leaves its batch.
   * The two share weights and threads: close one of them.
   */
  gathering(): SentenceEncoder {
    return new SentenceEncoder(this.model, gatherJobs(this.#embedder), { onWarning: this.#warnOnce });
  }

  /** How many texts wait for a core, of an encoder that gathers calls; of another 0. */
  get waiting(): number {
    return this.#embedder.waiting?.() ?? 0;
  }

  /**
   * The vectors of a stream of texts however long, window after window in its order, in memory that does not grow with it: lines of a file,
   * rows of a database. `from` goes on where an earlier call stopped, row for row: a text's vector does not depend on its window.
   *
   * Rejects as `encode` does, once all texts before the one that failed are given.
   */
  encodeStream(
    texts: AsyncIterable<string> | Iterable<string>,
    options: EncodeStreamOptions & { readonly precision: Precision },
  ): AsyncGenerator<EncodedWindow, void, undefined>;
  encodeStream(
    texts: AsyncIterable<string> | Iterable<string>,
    options?: EncodeStreamOptions & { readonly precision?: "float32" },
  ): AsyncGenerator<EncodedWindow<Embeddings>, void, undefined>;
  encodeStream(
    texts: AsyncIterable<string> | Iterable<string>,
    options: EncodeStreamOptions = {},
  ): AsyncGenerator<EncodedWindow, void, undefined> {
    const encode = async (window: readonly string[], each: EncodeOptions & { readonly precision?: Precision }) =>
      this.encode(window, { ...each, precision: each.precision ?? "float32" });
    return encodeStream(encode, texts, options);
  }

  /** Length of a vector, unless `encode` is told to cut it. */
  get dimension(): number {
    return Math.min(this.settings.truncateDim ?? Number.POSITIVE_INFINITY, this.#wholeDimension);
  }

  /** Of the model: prompts, length limit, similarity. */
  get settings(): SentenceSettings {
    return this.model.settings;
  }

  /** The model's own. */
  get tokenizer(): Tokenizer {
    return this.model.tokenizer;
  }

  /** How the weights of its linear maps are kept. */
  get weights(): WeightForm {
    return this.#embedder.weights ?? "float32";
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
    input: string | readonly TextInput[],
    options: EncodeOptions & OutputOptions,
  ): Promise<Embeddings | QuantizedEmbeddings | TokenEmbeddings> {
    const texts = typeof input === "string" ? [input] : input;
    const checked = checkEncodeOptions(texts, options, this.model);
    return this.#encodeTokens(this.#tokenize(texts, checked), checked);
  }

  #tokenize(texts: readonly TextInput[], options: CheckedEncodeOptions): TokenizedTexts {
    const isText = (text: TextInput): text is string => typeof text === "string";
    if (!texts.every(isText))
      return joinTexts(
        texts.map((text) => (isText(text) ? this.#tokenize([text], options) : framedIds(text, options, this.model))),
      );
    const { prompt, maxLength, specialTokens, truncationSide } = options;
    const prompted = prompt === "" ? texts : texts.map((text) => prompt + text);
    const tokens = this.tokenizer.encodeBatch(prompted, { maxLength, specialTokens, truncationSide });
    return { ...tokens, promptLength: this.#promptLength(options) };
  }

  async #encodeTokens(
    { truncated, ...tokens }: TokenizedTexts,
    checked: CheckedEncodeOptions,
  ): Promise<Embeddings | QuantizedEmbeddings | TokenEmbeddings> {
    const dimension = this.#wholeDimension;
    const { precision, truncateDim, ranges, calibrationEmbeddings } = checked;
    this.#warnOfCut(truncateDim);
    if (checked.outputValue === "tokenEmbeddings")
      return { ...(await this.#tokenEmbeddings(tokens, checked)), truncated };
    const embeddings = new Float32Array((tokens.starts.length - 1) * dimension);
    const tokenCounts = await this.#run(tokens, "sentences", checked, (sentence, values, place) => {
      embeddings.set(values.subarray(place * dimension, (place + 1) * dimension), sentence * dimension);
    });
    const normalize = checked.normalizeEmbeddings || (endsNormalized(this.model.modules) && truncateDim < dimension);
    const rows = shortenRows({ embeddings, dimension }, { dimension: truncateDim, normalize });
    if (precision === "float32") return { ...rows, truncated, tokenCounts };
    const quantization = {
      precision,
      ...(ranges === undefined ? {} : { ranges }),
      ...(calibrationEmbeddings === undefined ? {} : { calibrationEmbeddings }),
    };
    return { ...quantizeEmbeddings(rows, quantization), truncated, tokenCounts };
  }

  #warnOfCut(length: number): void {
    const { truncateDim, matryoshkaDimensions: known = [] } = this.settings;
    const isTrained = known === "any" || length === this.#wholeDimension || length === truncateDim;
    if (isTrained || known.includes(length)) return;
    const names = known.length === 0 ? "none" : known.join(", ");
    this.#warnOnce(
      `warning: the model does not say that it was trained for vectors of ${length} numbers: matryoshka_dimensions of its config.json names ${names}. Cut so, they may be much worse.`,
    );
  }

  async #tokenEmbeddings(
    { ids, starts }: TokenBatch,
    options: CheckedEncodeOptions,
  ): Promise<Omit<TokenEmbeddings, "truncated">> {
    const dimension = this.model.encoder.sizes.hidden;
    const tokenIds = Array.from(starts.subarray(1), (end, sentence) => ids.slice(starts[sentence], end));
    const tokenEmbeddings: Float32Array[] = [];
    await this.#run({ ids, starts }, "tokens", options, (sentence, values, place, batch) => {
      const [first = 0, end = 0] = batch.starts.subarray(place, place + 2);
      const start = batch.layout?.data.starts[place] ?? first;
      tokenEmbeddings[sentence] = values.slice(start * dimension, (start + end - first) * dimension);
    });
    return { tokenEmbeddings, tokenIds, dimension };
  }

  /**
   * Runs sentences through the embedder in batches, in whatever order its workers take them; `take` gets each one with its batch's values
   * and its place among them. Gives how many tokens each sentence has.
   */
  async #run(
    tokens: TokenBatch,
    of: EmbeddingJob["of"],
    { maxLength, maxBatchTokens, signal, priority, onProgress, onBatch }: CheckedEncodeOptions,
    take: (sentence: number, values: Float32Array, place: number, batch: TokenBatch) => void,
  ): Promise<Int32Array> {
    signal?.throwIfAborted();
    const lengths = sentenceLengths(tokens);
    const { cores } = this.#embedder;
    const room = lengths.reduce(
      (most, length) => Math.max(most, length),
      Math.max(maxBatchTokens ?? 2048, Math.min(maxLength, longestRoom)),
    );
    const plan = batchesFor(this.#embedder, lengths, { maxBatchTokens: room, batchRows: maxBatchTokens });
    const urgent = tokens.ids.length <= urgentTokens ? 1 : 0;
    const failed = new AbortController();
    const order = {
      priority: priority ?? urgent,
      signal: AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]),
      room,
      onBatch,
    };
    let [done, tokensDone] = [0, 0];
    const embedSome = async () => {
      for (const { sentences, layout } of plan) {
        const chosen = selectSentences(tokens, sentences);
        const batch = layout === undefined ? chosen : { ...chosen, layout };
        const values = await this.#embedder.embed({ batch, of }, order);
        for (const [place, sentence] of sentences.entries()) take(sentence, values, place, batch);
        done += sentences.length;
        tokensDone += chosen.ids.length;
        onProgress?.(done, lengths.length, tokensDone);
      }
    };
    try {
      // Two batches a core, so that none waits for this thread; no more, so that they take little memory.
      await Promise.all(Array.from({ length: 2 * cores }, embedSome));
    } catch (error) {
      failed.abort(error);
      throw error;
    }
    return lengths;
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
