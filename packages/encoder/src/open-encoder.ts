import { FormatError } from "@kindred/errors";
import type { DropoutRates, Encoder, EncoderFamily, JsonObject } from "./encoder-family.ts";

/**
 * The encoder that a config.json describes, of whichever family its `model_type` names.
 *
 * @param config what the file holds
 * @param options.file the file's name, for errors. Default `"config.json"`.
 * @param options.dropout rates to take in place of the configuration's own
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
