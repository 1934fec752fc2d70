import { addLayerNorm, attention, geluLinear, linear } from "@kindred/nn";
import { childKey, type Key } from "@kindred/random";
import type { Float, Layout } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { hiddenDropout } from "./hidden-dropout.ts";
import type { MpnetConfig } from "./mpnet-config.ts";
import type { LayerNormParameters, LinearParameters, MpnetLayerParameters } from "./mpnet-parameters.ts";

/** What a layer shares with the others, and its own dropout key. */
export type MpnetLayerOptions = {
  readonly config: MpnetConfig;
  readonly layout: Layout;
  /** The position bias, which all layers share. */
  readonly bias: Float<"heads distances">;
  /** Left out: no dropout. */
  readonly dropoutKey?: Key | undefined;
};

/**
 * One encoder layer: attention, then the feed-forward block, each added to its input and normalised afterwards (post-norm).
 *
 * @see Vaswani et al., "Attention Is All You Need", 2017, section 3
 */
export function mpnetLayer(
  { attention: { attn, LayerNorm }, intermediate, output }: MpnetLayerParameters,
  x: Float<"tokens hidden">,
  options: MpnetLayerOptions,
): Float<"tokens hidden"> {
  const { config, layout, bias, dropoutKey } = options;
  const rate = config.attentionProbsDropoutProb;
  const heads = config.numAttentionHeads;
  const weightDropout =
    dropoutKey && rate > 0 ? { dropout: { rate, key: childKey(dropoutKey, "attention.attn") } } : {};
  return tf.tidy(() => {
    const [q, k, v] = [affine(x, attn.q), affine(x, attn.k), affine(x, attn.v)];
    const mixed = attention(q, k, v, bias, { layout, heads, ...weightDropout });
    const attended = close(affine(mixed, attn.o), x, LayerNorm, { ...options, site: "attention.output" });
    const fed = geluLinear(affine(attended, intermediate.dense), output.dense.weight, output.dense.bias);
    return close(fed, attended, output.LayerNorm, { ...options, site: "output" });
  });
}

function affine<In extends string, Out extends string>(
  x: Float<`tokens ${In}`>,
  { weight, bias }: LinearParameters<In, Out>,
): Float<`tokens ${Out}`> {
  return linear(x, weight, bias);
}

/** The end of each half of a layer: LayerNorm(dropout(x) + residual). */
function close(
  x: Float<"tokens hidden">,
  residual: Float<"tokens hidden">,
  { weight, bias }: LayerNormParameters,
  { config, layout, dropoutKey, site }: MpnetLayerOptions & { readonly site: string },
): Float<"tokens hidden"> {
  const key = dropoutKey && childKey(dropoutKey, site);
  const dropped = hiddenDropout(x, { config, layout, key });
  return addLayerNorm(dropped, residual, weight, bias, { epsilon: config.layerNormEps });
}
