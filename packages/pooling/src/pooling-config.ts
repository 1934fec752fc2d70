import { ConfigError, FormatError, nearestName } from "@kindred/errors";
import { type PoolingMode, poolingModes } from "./pool.ts";

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
