import type { Key } from "@kindred/random";
import type { Float, Layout } from "@kindred/tensor";
import type { EncoderParameters, ParameterSpec } from "./parameter-spec.ts";

/** A JSON object as parsed, its keys unknown. */
export type JsonObject = { readonly [key: string]: unknown };

/** The shares of elements that are dropped while training; one that is left out is the configuration's own. */
export type DropoutRates = {
  /** After the embeddings and after each half of a layer. */
  readonly hidden?: number;
  /** Of attention's weights. */
  readonly attention?: number;
};

/** The size of an encoder that is to be made new. */
export type NewEncoderSizes = {
  readonly vocabulary: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediate: number;
  /** The id of the tokenizer's padding. */
  readonly paddingId: number;
};

/**
 * A family of encoders: all models whose config.json names one of `modelTypes`. A value without state; {@link openEncoder}
 * chooses among several.
 */
export type EncoderFamily = {
  /** The values of `model_type` in config.json. */
  readonly modelTypes: readonly string[];
  /**
   * The encoder that the JSON value of a config.json describes. What would change vectors is obeyed or refused.
   *
   * Throws FormatError naming `at.file` and the key.
   */
  open(config: JsonObject, at: { readonly file: string; readonly dropout?: DropoutRates }): Encoder;
  /** The config.json of a new model of this family. */
  newConfig(sizes: NewEncoderSizes): JsonObject;
};

/** What {@link Encoder.forward} works on: token ids in the order of the layout's rows; rows of padding hold any valid id. */
export type EncoderTokens = {
  /** Not to be written before the backward pass is over. */
  readonly ids: Int32Array;
  /** Which text of several each token is of, for families that tell them apart. Default: 0 for all. */
  readonly typeIds?: Int32Array;
};

/** What {@link Encoder.forward} must and may be told. */
export type ForwardOptions = {
  /** Which rows are which sentence's. Its numbers name the sentences in the global batch, for dropout. */
  readonly layout: Layout;
  /** A key for this pass (a step and a column): dropout at the configuration's rates. Default: none, the same result every time. */
  readonly dropout?: Key;
};

/** An encoder of one size, without its parameters. It does not cross threads; its `configJson()` does, and opens it again there. */
export type Encoder = {
  /** What it is in a few words, for people. */
  readonly description: string;
  /** The content of its config.json, for `JSON.stringify`: every key that says something about the encoder, as it is obeyed. */
  configJson(): JsonObject;
  /** Its parameters, in the order in which data meets them. */
  readonly specs: readonly ParameterSpec[];
  /** Tensors that checkpoints hold beside them and no vector depends on (a pooler). Readers want them: saved as zeros. */
  readonly unused: readonly Pick<ParameterSpec, "name" | "shape">[];
  readonly sizes: {
    /** Features of a token's vector. */
    readonly hidden: number;
    /** The most tokens of a text, special ones included: what its positions allow. */
    readonly longest: number;
    /** Ids that a token may have: 0 … vocabulary − 1. */
    readonly vocabulary: number;
  };
  /** The name in `specs` of a tensor that a checkpoint calls `storedName`; undefined for what is no parameter. */
  parameterOf(storedName: string): string | undefined;
  /**
   * The hidden states of the last layer, a vector for every token; rows of padding hold numbers of no meaning. Every layout
   * gives the same vectors, and the same key drops the same elements however sentences are packed, cut into chunks or sharded.
   *
   * Throws ShapeError when a parameter is missing or has another shape than its spec, ids and layout don't fit, an id is not in
   * the vocabulary, or a sentence has more tokens than `sizes.longest`.
   */
  forward(parameters: EncoderParameters, tokens: EncoderTokens, options: ForwardOptions): Float<"tokens hidden">;
};
