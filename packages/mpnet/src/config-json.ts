import { configKeys, type MpnetConfig } from "./mpnet-config.ts";

/**
 * The content of the config.json of a model, for `JSON.stringify`. Every key is written, those with default values too.
 *
 * Python's transformers reads it as an `MPNetModel`; `mpnetConfig` gives the configuration back.
 *
 * @example
 * ```ts
 * import { configJson, mpnetConfig } from "@kindred/mpnet";
 *
 * configJson(mpnetConfig({ model_type: "mpnet", layer_norm_eps: 1e-5 }))["layer_norm_eps"]; // => 0.00001
 * ```
 */
export function configJson(config: MpnetConfig): { readonly [key: string]: unknown } {
  return {
    architectures: ["MPNetModel"],
    model_type: "mpnet",
    hidden_act: "gelu",
    ...Object.fromEntries(configKeys.map(([key, name]) => [key, config[name]])),
    torch_dtype: "float32",
  };
}
