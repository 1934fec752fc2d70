import { FormatError } from "@kindred/errors";
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

/**
 * The head of a classifier, out(activation(dense(x))) of the first token's vector x: what checkpoints call the two linear maps, in full (each
 * has a `.weight` and a `.bias`), and what lies between them.
 */
export type ClassifierHead = { readonly dense: string; readonly activation: "tanh" | "relu"; readonly out: string };

/** An encoder of one size, without its parameters. It does not cross threads; its `configJson()` does, and opens it again there. */
export type Encoder = {
  /** What it is in a few words, for people. */
  readonly description: string;
  /**
   * The content of its config.json, for `JSON.stringify`: every key that says something about the encoder, as it is obeyed. With `layers`,
   * which only encoders with `sizes.layers` obey, that of an encoder of so many, else alike.
   */
  configJson(changes?: { readonly layers?: number }): JsonObject;
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
    /** Layers of one form, and the width of a layer's feed-forward part. Undefined for an encoder that is not made so. */
    readonly layers?: number;
    readonly intermediate?: number;
  };
  /** What a classifier of its family has on top, for cross-encoders. Undefined for a family that has no such thing. */
  readonly classifier?: ClassifierHead;
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

/**
 * The encoder that a config.json describes, of whichever family its `model_type` names.
 *
 * @param config what the file holds
 * @param options `file`: the file's name, for errors. Default `"config.json"`. `dropout`: rates to take in place of the
 *   configuration's own.
 * @throws FormatError when it is no object, no family has its `model_type`, or the family refuses a key; naming the file
 *
 * @example
 * ```ts
 * import { type EncoderFamily, openEncoder } from "@kindred/encoder";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * // A family of one: token vectors are rows of a table.
 * const lookup: EncoderFamily = {
 *   modelTypes: ["lookup"],
 *   newConfig: ({ vocabulary, hidden }) => ({ model_type: "lookup", vocabulary, hidden }),
 *   open: ({ vocabulary = 9, hidden = 4 }) => ({
 *     description: "a table",
 *     configJson: () => ({ model_type: "lookup", vocabulary, hidden }),
 *     specs: [{ name: "table", shape: [Number(vocabulary), Number(hidden)], kind: "table" }],
 *     unused: [],
 *     sizes: { hidden: Number(hidden), longest: 512, vocabulary: Number(vocabulary) },
 *     parameterOf: (name) => (name === "table" ? name : undefined),
 *     forward: ({ table }, { ids }) => tf.gather<tf.Tensor>(table as tf.Tensor, tf.tensor1d(ids, "int32")),
 *   }),
 * };
 * openEncoder([lookup], { model_type: "lookup", hidden: 8 }).specs; // => [{ name: "table", shape: [9, 8], kind: "table" }]
 * ```
 */
export function openEncoder(
  families: readonly EncoderFamily[],
  config: unknown,
  { file = "config.json", dropout }: { readonly file?: string; readonly dropout?: DropoutRates } = {},
): Encoder {
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new FormatError({ file }, `not a configuration. Got ${JSON.stringify(config)}, expected a JSON object.`);
  }
  const json = config as JsonObject;
  const type = json["model_type"];
  const family = families.find(({ modelTypes }) => modelTypes.some((known) => known === type));
  if (family === undefined) {
    const known = families.flatMap(({ modelTypes }) => modelTypes).join(", ");
    throw new FormatError(
      { file },
      `model_type is not supported. Got ${JSON.stringify(type)}, expected one of ${known}. Other kinds of models have other layers.`,
      { key: "model_type", value: type },
    );
  }
  return family.open(json, dropout === undefined ? { file } : { file, dropout });
}

/** Values of a config.json, checked. Each function throws a FormatError that names file, key, what it holds and what it may. */
export type ConfigReader = {
  /** A whole number. A key that is missing or null has the default of Hugging Face's class. */
  whole(key: string, rule: { readonly byDefault: number; readonly least: number }): number;
  /** A share of elements: from 0 up to, not including, 1. */
  share(key: string, byDefault: number): number;
  /** A number from 0. */
  size(key: string, byDefault: number): number;
  /** The id of an entry of the vocabulary, or undefined where the key is null: none. */
  id(key: string, rule: { readonly byDefault: number; readonly vocabulary: number }): number | undefined;
  /** Refuses values that would need another forward pass; a key that is missing or null has the first. */
  only(key: string, values: readonly unknown[], because: string): void;
  /** For rules over several keys. */
  refuse(key: string, rule: string, advice: string): never;
};

/**
 * A reader of the values of a config.json.
 *
 * @example
 * ```ts
 * import { configReader } from "@kindred/encoder";
 *
 * const read = configReader({ hidden_size: 384, hidden_act: "gelu" }, { file: "config.json" });
 * read.whole("hidden_size", { byDefault: 768, least: 1 }); // => 384
 * read.size("layer_norm_eps", 1e-12); // => 1e-12
 * ```
 */
export function configReader(config: JsonObject, { file }: { readonly file: string }): ConfigReader {
  const refuse = (key: string, rule: string, advice: string): never => {
    const value = config[key];
    throw new FormatError({ file }, `${key} does not fit. Got ${JSON.stringify(value)}, expected ${rule}. ${advice}`, {
      key,
      value,
    });
  };
  const number = (key: string, byDefault: number, fits: (value: number) => boolean, rule: string): number => {
    const value = config[key] ?? byDefault;
    return typeof value === "number" && fits(value) ? value : refuse(key, rule, "Was the file edited by hand?");
  };
  const isWhole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least;
  return {
    whole: (key, { byDefault, least }) =>
      number(key, byDefault, (value) => isWhole(value, least), `a whole number from ${least}`),
    share: (key, byDefault) =>
      number(key, byDefault, (value) => value >= 0 && value < 1, "a number from 0 up to, not including, 1"),
    size: (key, byDefault) => number(key, byDefault, (value) => value >= 0 && value < Infinity, "a number from 0"),
    id: (key, { byDefault, vocabulary }) =>
      config[key] === null
        ? undefined
        : number(
            key,
            byDefault,
            (value) => isWhole(value, 0) && value < vocabulary,
            `an id from 0 to ${vocabulary - 1}, below the vocabulary's size`,
          ),
    only: (key, values, because) => {
      if (values.includes(config[key] ?? values[0])) return;
      const allowed = values.filter((value) => value !== undefined).map((value) => JSON.stringify(value));
      refuse(key, allowed.join(" or "), because);
    },
    refuse,
  };
}
