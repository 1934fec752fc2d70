import { FormatError } from "@kindred/errors";

/** The size and the constants of an MPNet encoder: the keys of Hugging Face's config.json, in camel case. */
export type MpnetConfig = {
  /** Entries of the vocabulary. */
  readonly vocabSize: number;
  /** Features of a token's vector; a multiple of `numAttentionHeads`. */
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  /** Features inside the feed-forward block of a layer. */
  readonly intermediateSize: number;
  /** The share of elements dropped after the embeddings and after each half of a layer, while training. */
  readonly hiddenDropoutProb: number;
  /** The share of attention weights dropped while training. */
  readonly attentionProbsDropoutProb: number;
  /** Rows of the position table. Positions count from `padTokenId` + 1, so a text may have `padTokenId` + 1 tokens fewer. */
  readonly maxPositionEmbeddings: number;
  readonly layerNormEps: number;
  /** The standard deviation of random initial weights. */
  readonly initializerRange: number;
  /** Rows of the table of relative positions. 32 of them are used, whatever its size. */
  readonly relativeAttentionNumBuckets: number;
  readonly padTokenId: number;
  readonly bosTokenId: number;
  readonly eosTokenId: number;
};

/** A key of config.json: its name in the code, the default of Hugging Face's class, the rule for its value, and that in words. */
type KeyRule = readonly [name: keyof MpnetConfig, byDefault: number, fits: (value: number) => boolean, rule: string];

const from = (least: number) =>
  [(value: number) => Number.isSafeInteger(value) && value >= least, `a whole number from ${least}`] as const;
const share = [(value: number) => value >= 0 && value < 1, "a number from 0 up to, not including, 1"] as const;
const size = [(value: number) => value >= 0 && value < Infinity, "a number from 0"] as const;

const keys: { readonly [key: string]: KeyRule } = {
  vocab_size: ["vocabSize", 30527, ...from(1)],
  hidden_size: ["hiddenSize", 768, ...from(1)],
  num_hidden_layers: ["numHiddenLayers", 12, ...from(0)],
  num_attention_heads: ["numAttentionHeads", 12, ...from(1)],
  intermediate_size: ["intermediateSize", 3072, ...from(1)],
  hidden_dropout_prob: ["hiddenDropoutProb", 0.1, ...share],
  attention_probs_dropout_prob: ["attentionProbsDropoutProb", 0.1, ...share],
  max_position_embeddings: ["maxPositionEmbeddings", 512, ...from(1)],
  layer_norm_eps: ["layerNormEps", 1e-12, ...size],
  initializer_range: ["initializerRange", 0.02, ...size],
  relative_attention_num_buckets: ["relativeAttentionNumBuckets", 32, ...from(32)],
  pad_token_id: ["padTokenId", 1, ...from(0)],
  bos_token_id: ["bosTokenId", 0, ...from(0)],
  eos_token_id: ["eosTokenId", 2, ...from(0)],
};

/**
 * The configuration in the JSON value of a config.json.
 *
 * A missing key has the default of Hugging Face's `MPNetConfig` class, which for `layer_norm_eps` (1e-12) and
 * `max_position_embeddings` (512) is not what the published models use (1e-5, 514): their files say so themselves. Keys that say
 * nothing about the encoder are ignored. A table of fewer than 32 relative buckets is refused: the original computes bucket numbers
 * for 32 whatever the file says, and fails on it.
 *
 * @param json what the file holds
 * @throws FormatError naming file and key: another `model_type`, an activation other than `gelu`, a value of the wrong kind or out of
 * range, sizes that don't fit each other
 *
 * @example
 * ```ts
 * import { mpnetConfig } from "@kindred/mpnet";
 *
 * const config = mpnetConfig({ model_type: "mpnet", hidden_size: 128, num_attention_heads: 4 });
 * config.numHiddenLayers; // => 12
 * ```
 */
export function mpnetConfig(
  json: unknown,
  { file = "config.json" }: { /** The file's name, for errors. */ readonly file?: string } = {},
): MpnetConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new FormatError({ file }, `not a configuration. Got ${JSON.stringify(json)}, expected a JSON object.`);
  }
  const values = json as { readonly [key: string]: unknown };
  const refuse = (key: string, rule: string, advice: string) =>
    new FormatError({ file }, `${key} does not fit. Got ${JSON.stringify(values[key])}, expected ${rule}. ${advice}`, {
      key,
      value: values[key],
    });
  if (values["model_type"] !== "mpnet") {
    throw refuse("model_type", '"mpnet"', "MPNet is the only kind of model that is supported.");
  }
  if ((values["hidden_act"] ?? "gelu") !== "gelu")
    throw refuse("hidden_act", '"gelu"', "No MPNet model has another one.");

  const config: { -readonly [Name in keyof MpnetConfig]?: number } = {};
  for (const [key, [name, byDefault, fits, rule]] of Object.entries(keys)) {
    const value = values[key] ?? byDefault;
    if (typeof value !== "number" || !fits(value)) throw refuse(key, rule, "Was the file edited by hand?");
    config[name] = value;
  }
  const complete = config as MpnetConfig;
  if (complete.hiddenSize % complete.numAttentionHeads !== 0) {
    throw refuse("num_attention_heads", `a divisor of hidden_size ${complete.hiddenSize}`, "Change one of the two.");
  }
  if (complete.padTokenId >= complete.vocabSize) {
    throw refuse(
      "pad_token_id",
      `an id below vocab_size ${complete.vocabSize}`,
      "Does the vocabulary belong to the model?",
    );
  }
  if (complete.maxPositionEmbeddings < complete.padTokenId + 2) {
    throw refuse(
      "max_position_embeddings",
      `at least pad_token_id + 2 = ${complete.padTokenId + 2}`,
      "Give the model a position.",
    );
  }
  return Object.freeze(complete);
}

/** The keys of config.json by the names that {@link MpnetConfig} gives them, in the file's order. */
export const configKeys: readonly (readonly [key: string, name: keyof MpnetConfig])[] = Object.entries(keys).map(
  ([key, [name]]) => [key, name],
);
