import { sentenceDimension } from "@kindred/pooling";
import { ConfigError, nearestName, ShapeError } from "@kindred/errors";
import { type EmbeddingRows, type Precision, precisions, type QuantizationRanges } from "@kindred/vectors";
import { sentenceLengths } from "./embed-sentences.ts";
import type { TokenizedTexts } from "./embeddings.ts";
import type { ComputedBatch } from "./local-embedder.ts";
import type { SentenceModel } from "./sentence-model.ts";
import type { TextInput } from "./text-input.ts";

/** Options of `encode`, `encodeQuery` and `encodeDocument`. */
export type EncodeOptions = {
  /** The model's prompt of this name is put in front of every text. Default: the model's own default prompt. */
  readonly promptName?: string;
  /** This text is put in front of every text; `promptName` is then ignored, as in sentence-transformers. */
  readonly prompt?: string;
  /**
   * The most tokens of a text that are read, specials included, from 2 to the model's limit. Default: the model's
   * `maxSeqLength`.
   */
  readonly maxLength?: number;
  /** Divide every vector by its length, also where the model has no Normalize. Default: false. */
  readonly normalizeEmbeddings?: boolean;
  /**
   * Keep this many features of a vector, the first, and divide it by its length anew if the model normalises. Default:
   * all, or the folder's own `truncate_dim`. The encoder's `onWarning` is told where the model does not say that it was trained for it.
   */
  readonly truncateDim?: number;
  /**
   * For precision int8 and uint8: what the 256 steps lie between, for each feature. Default: as
   * `calibrationEmbeddings`.
   */
  readonly ranges?: QuantizationRanges;
  /** For precision int8 and uint8: vectors to take the ranges from. Default: the inputs' own. */
  readonly calibrationEmbeddings?: EmbeddingRows;
  /** The most tokens that a core works on at once; bounds memory. At least `maxLength`. Default: 2048, or what suits an engine with devices. */
  readonly maxBatchTokens?: number;
  /**
   * Whether `</s>` and its like in a text are read as tokens of that name (`"parse"`, as in Python) or as text.
   * Default: `"parse"`, unless the tokenizer's files say otherwise (`split_special_tokens`).
   */
  readonly specialTokens?: "parse" | "plain";
  /** At which end a text that is too long loses tokens. Default: the right, unless the tokenizer's files say otherwise. */
  readonly truncationSide?: "left" | "right";
  /**
   * Which of several calls that wait for the same encoder goes first: the one with the highest. On worker threads it goes into the middle of
   * a batch of lower priority. Default: 1 for inputs of up to 512 tokens in all, so that a query does not wait for a long job, else 0.
   */
  readonly priority?: number;
  /** Stops, in worker threads in the middle of a batch; `encode` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each batch with how many texts are done, of how many, and of how many tokens those are that are done. */
  readonly onProgress?: (done: number, total: number, tokens: number) => void;
  /** Called after each batch with texts of this call: of an encoder made by `gathering`, no other. */
  readonly onBatch?: (batch: ComputedBatch, waitedMs: number) => void;
};

/** Options of `tokenize`. */
export type TokenizeOptions = Pick<
  EncodeOptions,
  "promptName" | "prompt" | "maxLength" | "specialTokens" | "truncationSide"
>;

/** Options of `encodeTokens`: all but those about texts. */
export type EncodeTokensOptions = Omit<EncodeOptions, keyof TokenizeOptions>;

/** What `encode` gives. */
export type OutputOptions = {
  /** In how many bits a vector's numbers are kept. Default: `"float32"`. */
  readonly precision?: Precision;
  /** A vector for each input, or one for each of its tokens, before pooling. Default: `"sentenceEmbedding"`. */
  readonly outputValue?: "sentenceEmbedding" | "tokenEmbeddings";
};

/** Options with their defaults filled in. */
export type CheckedEncodeOptions = Required<Pick<EncodeOptions, "maxLength" | "normalizeEmbeddings">> &
  Pick<
    EncodeOptions,
    | "maxBatchTokens"
    | "specialTokens"
    | "truncationSide"
    | "ranges"
    | "calibrationEmbeddings"
    | "priority"
    | "signal"
    | "onProgress"
    | "onBatch"
  > &
  Required<OutputOptions> & { readonly prompt: string; readonly truncateDim: number };

const optionNames = [
  "promptName",
  "prompt",
  "maxLength",
  "normalizeEmbeddings",
  "truncateDim",
  "precision",
  "outputValue",
  "ranges",
  "calibrationEmbeddings",
  "maxBatchTokens",
  "specialTokens",
  "truncationSide",
  "priority",
  "signal",
  "onProgress",
  "onBatch",
];

/**
 * The options of an `encode` with their defaults.
 *
 * @throws ConfigError for an option that does not exist, does not fit or contradicts another; ShapeError for an input
 * that is no text
 */
export function checkEncodeOptions(
  texts: readonly TextInput[],
  options: EncodeOptions & OutputOptions,
  { encoder, modules, settings }: SentenceModel,
): CheckedEncodeOptions {
  for (const name of Object.keys(options)) {
    if (optionNames.includes(name)) continue;
    throw new ConfigError(
      `encode: unknown option ${name}. Did you mean ${nearestName(name, optionNames) ?? optionNames.join(", ")}?`,
      { name },
    );
  }
  texts.forEach((text, i) => {
    if (typeof text !== "string" && !Array.isArray(text))
      throw new ShapeError(
        `encode: input ${i} is not a text. Got ${typeof text}, expected a string, or a list of token ids.`,
      );
  });
  const dimension = sentenceDimension(modules);
  const { maxLength = settings.maxSeqLength, precision = "float32", outputValue = "sentenceEmbedding" } = options;
  const { normalizeEmbeddings = false, specialTokens, ranges, calibrationEmbeddings } = options;
  const { truncateDim = Math.min(settings.truncateDim ?? dimension, dimension) } = options;
  const refuse = (name: string, got: unknown, rule: string): never => {
    throw new ConfigError(`encode: ${name} does not fit. Got ${JSON.stringify(got)}, expected ${rule}.`, {
      [name]: got,
    });
  };
  const limit = encoder.sizes.longest;
  if (!Number.isInteger(maxLength) || maxLength < 2 || maxLength > limit)
    refuse("maxLength", maxLength, `a whole number from 2 to the model's ${limit}`);
  if (!Number.isInteger(truncateDim) || truncateDim < 1 || truncateDim > dimension)
    refuse("truncateDim", truncateDim, `a whole number from 1 to the vector's ${dimension}`);
  if (!precisions.includes(precision)) refuse("precision", precision, `one of ${precisions.join(", ")}`);
  if (!["sentenceEmbedding", "tokenEmbeddings"].includes(outputValue))
    refuse("outputValue", outputValue, "sentenceEmbedding or tokenEmbeddings");
  if ((ranges ?? calibrationEmbeddings) !== undefined && precision !== "int8" && precision !== "uint8")
    refuse("precision", precision, "int8 or uint8, since ranges or calibrationEmbeddings are given");
  if (outputValue === "tokenEmbeddings") {
    const { truncateDim: cut, ...others } = options;
    const of =
      others.normalizeEmbeddings === true ? "normalizeEmbeddings" : cut === undefined ? undefined : "truncateDim";
    if (precision !== "float32" || of !== undefined)
      refuse("outputValue", outputValue, `sentenceEmbedding, since ${of ?? "precision"} is about sentence vectors`);
  }
  const { maxBatchTokens, truncationSide, priority, signal, onProgress, onBatch } = options;
  if (priority !== undefined && Number.isNaN(priority)) refuse("priority", "NaN", "a number");
  return {
    maxLength,
    normalizeEmbeddings,
    precision,
    outputValue,
    truncateDim,
    prompt: promptOf(options, settings),
    ...(maxBatchTokens === undefined ? {} : { maxBatchTokens: Math.max(maxBatchTokens, maxLength) }),
    ...(specialTokens === undefined ? {} : { specialTokens }),
    ...(truncationSide === undefined ? {} : { truncationSide }),
    ...(ranges === undefined ? {} : { ranges }),
    ...(calibrationEmbeddings === undefined ? {} : { calibrationEmbeddings }),
    ...(priority === undefined ? {} : { priority }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(onBatch === undefined ? {} : { onBatch }),
  };
}

function promptOf(
  { prompt, promptName }: EncodeOptions,
  { prompts, defaultPromptName }: SentenceModel["settings"],
): string {
  if (prompt !== undefined) return prompt;
  // Every model has these two, empty unless it says otherwise.
  const known = new Map([["query", ""], ["document", ""], ...Object.entries(prompts)]);
  const name = promptName ?? defaultPromptName;
  if (name === undefined) return "";
  const text = known.get(name);
  if (text !== undefined) return text;
  const names = [...known.keys()];
  const nearest = nearestName(name, names);
  throw new ConfigError(
    `encode: the model has no prompt ${JSON.stringify(name)}. ${nearest === undefined ? `Expected one of ${names.join(", ")}.` : `Did you mean ${nearest}?`}`,
    { promptName: name },
  );
}

/**
 * Makes sure that texts which are tokens already fit the model.
 *
 * @throws ShapeError for a text without tokens, or with more than the model has positions for
 */
export function expectTokens(
  { ids, starts }: TokenizedTexts,
  { encoder, tokenizer }: Pick<SentenceModel, "encoder" | "tokenizer">,
): void {
  const { longest } = encoder.sizes;
  const lengths = sentenceLengths({ ids, starts });
  const least = tokenizer.definition.bare === undefined ? 1 : 0; // where special tokens stand around a text it has some
  const wrong = lengths.findIndex((length) => length < least || length > longest);
  if (wrong < 0 && starts.at(-1) === ids.length) return;
  throw new ShapeError(
    `encodeTokens: text ${wrong} does not fit the model. Got ${lengths[wrong]} tokens, expected ${least} to its ${longest}.`,
    { text: wrong, tokens: lengths[wrong], longest },
  );
}
