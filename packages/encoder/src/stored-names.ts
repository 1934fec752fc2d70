import type { Encoder } from "./encoder-family.ts";
import type { ParameterSpec } from "./parameter-spec.ts";

/**
 * The reading of a checkpoint's names that is the same for all families of Hugging Face's: masked-LM checkpoints put the model's own
 * name in front of every other, and old ones call the parameters of layer norms `gamma` and `beta`.
 *
 * @param specs of the family's parameters, under today's names
 * @param prefix with the dot at its end
 * @see huggingface/transformers 5.24, `conversion_mapping.py`
 *
 * @example
 * ```ts
 * import { storedNames } from "@kindred/encoder";
 *
 * const parameterOf = storedNames([{ name: "embeddings.LayerNorm.weight", shape: [8], kind: "gain" }], "bert.");
 * parameterOf("bert.embeddings.LayerNorm.gamma"); // => "embeddings.LayerNorm.weight"
 * parameterOf("cls.predictions.bias"); // => undefined
 * ```
 */
export function storedNames(specs: readonly ParameterSpec[], prefix: string): Encoder["parameterOf"] {
  const names = new Set(specs.map(({ name }) => name));
  return (storedName) => {
    const name = (storedName.startsWith(prefix) ? storedName.slice(prefix.length) : storedName)
      .replace(/\.LayerNorm\.gamma$/, ".LayerNorm.weight")
      .replace(/\.LayerNorm\.beta$/, ".LayerNorm.bias");
    return names.has(name) ? name : undefined;
  };
}
