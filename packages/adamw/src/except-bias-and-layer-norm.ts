/**
 * The usual decay mask: false for biases and layer norms, by name, true for all other weights.
 *
 * A name counts as a bias if it holds "bias" anywhere, so MPNet's `relative_attention_bias.weight` does (as in transformers'
 * `get_decay_parameter_names`), and as a layer norm if it holds "layernorm" or "layer_norm"; upper and lower case are one.
 *
 * @example
 * ```ts
 * import { exceptBiasAndLayerNorm } from "@kindred/adamw";
 *
 * exceptBiasAndLayerNorm("encoder.layer.0.output.dense.weight"); // => true
 * exceptBiasAndLayerNorm("encoder.layer.0.output.dense.bias"); // => false
 * exceptBiasAndLayerNorm("embeddings.LayerNorm.weight"); // => false
 * ```
 */
export function exceptBiasAndLayerNorm(name: string): boolean {
  return !/bias|layer_?norm/i.test(name);
}
