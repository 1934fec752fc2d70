import { ConfigError, FormatError, nearestName } from "@kindred/errors";
import { concatFeatures, meanPool, segmentMax, weightedPool } from "@kindred/nn";
import { type Float, type Layout, sentencesOf } from "@kindred/tensor";

/**
 * All modes, in the order in which a configuration with several of the old switches concatenates them.
 *
 * @see UKPLab/sentence-transformers 6.2.0, `modules/pooling.py`: the order of its legacy keys, which is that of `forward` before 5.4.
 */
export const poolingModes = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"] as const;

/** How one vector is made of a sentence's token vectors. The names are sentence-transformers' `pooling_mode`. */
export type PoolingMode = (typeof poolingModes)[number];

/** What {@link pool} must be told. */
export type PoolOptions = {
  /** Which rows are which sentence's. */
  readonly layout: Layout;
  /** How; several modes are computed each and put side by side in the order given. */
  readonly mode: PoolingMode | readonly PoolingMode[];
  /** How many of each sentence's first tokens are left out: those of a prompt, the first special token among them. Default: 0. */
  readonly promptLength?: number;
};

/**
 * One vector a sentence, from its n token vectors x₁ … xₙ, special tokens among them:
 *
 *     cls                   x₁
 *     max                   the largest value of each feature
 *     mean                  Σ xᵢ / n
 *     mean_sqrt_len_tokens  Σ xᵢ / √n
 *     weightedmean          Σ i·xᵢ / Σ i
 *     lasttoken             xₙ
 *
 * k modes give `"batch k·hidden"`. With `promptLength` p the tokens are xₚ₊₁ … xₙ, and i counts from the sentence's first token all
 * the same. Rows of padding are never read. A sentence without tokens gives zeros in every mode (sentence-transformers: −∞ for
 * max, a row of padding for cls). Differentiable; of equal maxima the first gets the gradient.
 *
 * @throws ConfigError for a mode that does not exist, or none; ShapeError if the layout does not number the rows of x.
 * @see Reimers, Gurevych (2019), Sentence-BERT, section 3; Muennighoff (2022), SGPT, section 3.1 (weightedmean).
 *
 * @example
 * ```ts
 * import { pool } from "@kindred/pooling";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const x = tf.tensor2d([[1, 9], [4, 3], [5, 6]]); // a sentence of two tokens, one of one
 * const layout = packed([2, 1]);
 * pool(x, { layout, mode: "weightedmean" }).dataSync(); // => [3, 5, 5, 6]
 * pool(x, { layout, mode: ["cls", "max"] }).dataSync(); // => [1, 9, 4, 9, 5, 6, 5, 6]
 * pool(x, { layout, mode: "mean", promptLength: 1 }).dataSync(); // => [4, 3, 0, 0]
 * ```
 */
export function pool(
  x: Float<"tokens hidden">,
  { layout, mode, promptLength = 0 }: PoolOptions,
): Float<"batch hidden"> {
  const modes = typeof mode === "string" ? [mode] : mode;
  checkModes(modes);
  const counted = promptLength === 0 ? layout : afterPrompt(layout, promptLength);
  const pooled = modes.map((each) => poolOne(x, each, { layout: counted, promptLength }));
  const [only, ...others] = pooled;
  return only !== undefined && others.length === 0 ? only : concatFeatures(pooled);
}

/** The same rows, of which a prompt's belong to no sentence. */
function afterPrompt({ form, fixed, data: { segments: _, ...data } }: Layout, promptLength: number): Layout {
  const lengths = data.lengths.map((length) => Math.max(length - promptLength, 0));
  const starts = data.starts.map((start, i) => start + (data.lengths[i] ?? 0) - (lengths[i] ?? 0));
  return { form, fixed, data: { ...data, starts, lengths } };
}

type OneOptions = Required<Omit<PoolOptions, "mode">>;

function poolOne(x: Float<"tokens hidden">, mode: PoolingMode, { layout, promptLength }: OneOptions) {
  if (mode === "mean") return meanPool(x, { layout });
  if (mode === "max") return segmentMax(x, { layout });
  return weightedPool(x, { layout, weights: tokenWeights(mode, { layout, promptLength }) });
}

/** The weight of the token at `position`, counted from 0, of `length` tokens that follow `prompt` others. */
const weightOf: {
  readonly [mode in Exclude<PoolingMode, "max" | "mean">]: (position: number, length: number, prompt: number) => number;
} = {
  cls: (position) => (position === 0 ? 1 : 0),
  lasttoken: (position, length) => (position === length - 1 ? 1 : 0),
  mean_sqrt_len_tokens: (_, length) => 1 / Math.sqrt(length),
  weightedmean: (position, length, prompt) => (prompt + position + 1) / ((length * (2 * prompt + length + 1)) / 2),
};

/** One weight for each row that the layout numbers; 0 for padding and prompts. */
function tokenWeights(mode: keyof typeof weightOf, { layout, promptLength }: OneOptions): Float32Array {
  const weights = new Float32Array(layout.fixed.rows);
  for (const { start, length } of sentencesOf(layout.data)) {
    for (let position = 0; position < length; position++)
      weights[start + position] = weightOf[mode](position, length, promptLength);
  }
  return weights;
}

function checkModes(modes: readonly string[]): void {
  const unknown = modes.find((mode) => !poolingModes.some((known) => known === mode));
  if (modes.length > 0 && unknown === undefined) return;
  const nearest = unknown === undefined ? undefined : nearestName(unknown, poolingModes);
  throw new ConfigError(
    `pool: ${unknown === undefined ? "no mode" : "unknown mode"}. Got ${unknown ?? "an empty list"}, expected one or more of ` +
      `${poolingModes.join(", ")}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`,
    { modes, nearest },
  );
}

/** What a model folder's `1_Pooling/config.json` says. */
export type PoolingConfig = {
  /** Features of a token vector; the sentence vector has `dimension` × the number of modes. */
  readonly dimension: number;
  /** What is pooled and put side by side, in this order. */
  readonly modes: readonly PoolingMode[];
  /** False if tokens of a prompt are to be left out of the pooling. Default true. */
  readonly includePrompt?: boolean;
};

/** The keys that turn a mode on in the old form. */
const switches: { readonly [mode in PoolingMode]: string } = {
  cls: "pooling_mode_cls_token",
  max: "pooling_mode_max_tokens",
  mean: "pooling_mode_mean_tokens",
  mean_sqrt_len_tokens: "pooling_mode_mean_sqrt_len_tokens",
  weightedmean: "pooling_mode_weightedmean_tokens",
  lasttoken: "pooling_mode_lasttoken",
};
/** The switches of 2021, which all readers know and some insist on. Later ones are written only where they are on. */
const firstModes = ["cls", "mean", "max", "mean_sqrt_len_tokens"] as const;

const newKeys = ["embedding_dimension", "pooling_mode", "include_prompt"];
const oldKeys = ["word_embedding_dimension", ...Object.values(switches)];

/**
 * The pooling that a parsed `1_Pooling/config.json` describes, in either form:
 *
 * * old, which every version of sentence-transformers reads: `word_embedding_dimension` and a switch for each mode
 *   (`pooling_mode_mean_tokens: true`), concatenated in the order of {@link poolingModes};
 * * new, written since 5.4: `embedding_dimension` and `pooling_mode`, a name or a list, concatenated as listed.
 *
 * As there: where `pooling_mode` stands the switches don't count, an absent switch is off, and without any mode it is the mean.
 *
 * @param options `file`: the file's name, for errors. Default `"1_Pooling/config.json"`. `features` of a token vector: what the
 *   dimension must be, or is where it is missing. Default: any
 * @throws FormatError, with the file's name, if it is no object, the dimension is missing or no whole number above 0 or not
 * `features`, a mode or key is unknown (each by name, since it would change what the vectors mean), or a switch is neither true nor
 * false.
 * @see UKPLab/sentence-transformers 6.2.0, `modules/pooling.py`, `_convert_legacy_pooling_kwargs`.
 *
 * @example
 * ```ts
 * import { poolingFromConfig } from "@kindred/pooling";
 *
 * poolingFromConfig({ word_embedding_dimension: 768, pooling_mode_mean_tokens: true }); // => { dimension: 768, modes: ["mean"] }
 * poolingFromConfig({ embedding_dimension: 768, pooling_mode: ["mean", "cls"] }).modes; // => ["mean", "cls"]
 * ```
 */
export function poolingFromConfig(
  json: unknown,
  { file = "1_Pooling/config.json", features }: { readonly file?: string; readonly features?: number } = {},
): PoolingConfig {
  const refuse = (problem: string): never => {
    throw new FormatError({ file }, problem, { json });
  };
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return refuse(`no object. Got ${JSON.stringify(json)}, expected the keys ${oldKeys.join(", ")}.`);
  const config = new Map<string, unknown>(Object.entries(json));
  for (const key of config.keys()) {
    if (newKeys.includes(key) || oldKeys.includes(key)) continue;
    const nearest = nearestName(key, [...newKeys, ...oldKeys]);
    refuse(`unknown key. Got ${key}, expected one of ${[...newKeys, ...oldKeys].join(", ")}.${didYouMean(nearest)}`);
  }
  const dimension = config.get("embedding_dimension") ?? config.get("word_embedding_dimension") ?? features;
  if (!(typeof dimension === "number" && Number.isInteger(dimension) && dimension > 0))
    return refuse(
      `no dimension. Got word_embedding_dimension ${JSON.stringify(dimension)}, expected a whole number above 0.`,
    );
  if (features !== undefined && dimension !== features)
    return refuse(`Got a pooling over ${dimension} dimensions, expected the model's hidden size ${features}.`);
  const includePrompt = flag("include_prompt", true);
  const modes = config.has("pooling_mode") ? named(config.get("pooling_mode")) : switchedOn();
  return includePrompt ? { dimension, modes } : { dimension, modes, includePrompt };

  function switchedOn(): PoolingMode[] {
    const on = poolingModes.filter((mode) => flag(switches[mode], false));
    return on.length === 0 ? ["mean"] : on;
  }

  function named(value: unknown): PoolingMode[] {
    const names: unknown[] = Array.isArray(value) ? value : [value];
    if (names.length === 0)
      return refuse(`no mode. Got an empty pooling_mode, expected one or more of ${poolingModes.join(", ")}.`);
    return names.map((name) => {
      const mode = poolingModes.find((known) => known === name);
      if (mode !== undefined) return mode;
      const nearest = typeof name === "string" ? nearestName(name, poolingModes) : undefined;
      return refuse(
        `unknown pooling_mode. Got ${JSON.stringify(name)}, expected ${poolingModes.join(", ")}.${didYouMean(nearest)}`,
      );
    });
  }

  function flag(key: string, absent: boolean): boolean {
    const value = config.get(key) ?? absent;
    return typeof value === "boolean"
      ? value
      : refuse(`${key} is no switch. Got ${JSON.stringify(value)}, expected true or false.`);
  }
}

function didYouMean(nearest: string | undefined): string {
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}

/**
 * The contents of `1_Pooling/config.json`, ready for `JSON.stringify`. What {@link poolingFromConfig} reads back is what was given.
 *
 * The old form, which sentence-transformers of every version reads and whose switches text-embeddings-inference needs, key for key
 * what the reference model's folder holds; for modes in an order that it has no words for the new one.
 *
 * @throws ConfigError if there is no mode
 *
 * @example
 * ```ts
 * import { poolingConfig } from "@kindred/pooling";
 *
 * const json = poolingConfig({ dimension: 768, modes: ["mean"] });
 * json["word_embedding_dimension"]; // => 768
 * json["pooling_mode_mean_tokens"]; // => true
 * json["pooling_mode_cls_token"]; // => false
 * poolingConfig({ dimension: 768, modes: ["mean", "cls"] })["pooling_mode"]; // => ["mean", "cls"]
 * ```
 */
export function poolingConfig({ dimension, modes, includePrompt = true }: PoolingConfig): {
  readonly [key: string]: number | boolean | readonly string[];
} {
  if (modes.length === 0)
    throw new ConfigError(`poolingConfig: no mode. Got none, expected one or more of ${poolingModes.join(", ")}.`);
  const leaveOut = includePrompt ? {} : { include_prompt: false };
  const inOrder = poolingModes.filter((mode) => modes.includes(mode));
  if (modes.join() !== inOrder.join()) return { embedding_dimension: dimension, pooling_mode: modes, ...leaveOut };
  const on = new Map(firstModes.map((mode) => [switches[mode], false]));
  for (const mode of modes) on.set(switches[mode], true);
  return { word_embedding_dimension: dimension, ...Object.fromEntries(on), ...leaveOut };
}
