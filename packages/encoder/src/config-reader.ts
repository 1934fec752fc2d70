import { FormatError } from "@kindred/errors";
import type { JsonObject } from "./encoder-family.ts";

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
