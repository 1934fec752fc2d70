import { FormatError, nearestName } from "@kindred/errors";
import { type PoolingMode, poolingModes } from "./pooling-mode.ts";
import { switchOf } from "./pooling-switches.ts";

/** What a model folder's `1_Pooling/config.json` says. */
export type PoolingConfig = {
  /** Features of a token vector; the sentence vector has `dimension` × the number of modes. */
  readonly dimension: number;
  /** What is pooled and put side by side, in this order. */
  readonly modes: readonly PoolingMode[];
  /** False if tokens of a prompt are to be left out of the pooling. Default true. */
  readonly includePrompt?: boolean;
};

const newKeys = ["embedding_dimension", "pooling_mode", "include_prompt"];
const oldKeys = ["word_embedding_dimension", ...poolingModes.map(switchOf)];

/**
 * The pooling that a parsed `1_Pooling/config.json` describes, in either form:
 *
 * * old, which every version of sentence-transformers reads: `word_embedding_dimension` and a switch for each mode
 *   (`pooling_mode_mean_tokens: true`), concatenated in the order of {@link poolingModes};
 * * new, written since 5.4: `embedding_dimension` and `pooling_mode`, a name or a list, concatenated as listed.
 *
 * As there: where `pooling_mode` stands the switches don't count, an absent switch is off, and without any mode it is the mean.
 *
 * @throws FormatError, with the file's name, if it is no object, the dimension is missing or no whole number above 0, a mode or key
 * is unknown (each by name, since it would change what the vectors mean), or a switch is neither true nor false.
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
  { file = "1_Pooling/config.json" }: { readonly file?: string } = {},
): PoolingConfig {
  const refuse = (problem: string): never => {
    throw new FormatError({ file }, `poolingFromConfig: ${problem}`, { json });
  };
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return refuse(`no object. Got ${JSON.stringify(json)}, expected the keys ${oldKeys.join(", ")}.`);
  }
  const config = json as { readonly [key: string]: unknown };
  for (const key of Object.keys(config)) {
    if (newKeys.includes(key) || oldKeys.includes(key)) continue;
    const nearest = nearestName(key, [...newKeys, ...oldKeys]);
    refuse(`unknown key. Got ${key}, expected one of ${[...newKeys, ...oldKeys].join(", ")}.${didYouMean(nearest)}`);
  }
  const dimension = config["embedding_dimension"] ?? config["word_embedding_dimension"];
  if (!(typeof dimension === "number" && Number.isInteger(dimension) && dimension > 0)) {
    return refuse(
      `no dimension. Got word_embedding_dimension ${JSON.stringify(dimension)}, expected a whole number above 0.`,
    );
  }
  const includePrompt = flag(config, "include_prompt", true);
  const modes = config["pooling_mode"] === undefined ? switchedOn() : named(config["pooling_mode"]);
  return includePrompt ? { dimension, modes } : { dimension, modes, includePrompt };

  function switchedOn(): PoolingMode[] {
    const on = poolingModes.filter((mode) => flag(config, switchOf(mode), false));
    return on.length === 0 ? ["mean"] : on;
  }

  function named(value: unknown): PoolingMode[] {
    const names: unknown[] = Array.isArray(value) ? value : [value];
    if (names.length === 0)
      refuse(`no mode. Got an empty pooling_mode, expected one or more of ${poolingModes.join(", ")}.`);
    for (const name of names) {
      if ((poolingModes as readonly unknown[]).includes(name)) continue;
      const nearest = typeof name === "string" ? nearestName(name, poolingModes) : undefined;
      refuse(
        `unknown pooling_mode. Got ${JSON.stringify(name)}, expected ${poolingModes.join(", ")}.${didYouMean(nearest)}`,
      );
    }
    return names as PoolingMode[];
  }

  function flag(from: { readonly [key: string]: unknown }, key: string, absent: boolean): boolean {
    const value = from[key] ?? absent;
    return typeof value === "boolean"
      ? value
      : refuse(`${key} is no switch. Got ${JSON.stringify(value)}, expected true or false.`);
  }
}

function didYouMean(nearest: string | undefined): string {
  return nearest === undefined ? "" : ` Did you mean ${nearest}?`;
}
