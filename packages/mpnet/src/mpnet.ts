import { positionBias } from "@kindred/nn";
import { childKey, type Key } from "@kindred/random";
import type { Float, Layout } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { MpnetConfig } from "./mpnet-config.ts";
import { mpnetEmbeddings } from "./mpnet-embeddings.ts";
import { mpnetLayer } from "./mpnet-layer.ts";
import { mpnetParameters } from "./mpnet-parameters.ts";
import { relativeBuckets } from "./relative-bucket.ts";

/** What the forward pass must and may be told. */
export type MpnetOptions = {
  readonly config: MpnetConfig;
  /** Which of the ids are which sentence's. Its `numbers` are those of the sentences in the global batch, for dropout. */
  readonly layout: Layout;
  /** A key for this pass (a step and a column): dropout at the configuration's rates. Left out: none, the same result every time. */
  readonly dropout?: Key;
  /** Gets what each layer gives, 0 the embeddings, 1 … numHiddenLayers the layers; `tf.keep` what is to outlive the call. */
  readonly onHiddenState?: (hiddenState: Float<"tokens hidden">, index: number) => void;
};

/**
 * The hidden states of the last layer of an MPNet encoder, a vector for every token.
 *
 * x₀ = dropout(LayerNorm(word[id] + position[p])), xᵢ = layerᵢ(xᵢ₋₁); the attention of all layers shares a bias that depends on
 * the distance between key and query alone, by bucket. Packed and padded layouts give the same vectors; rows of padding hold
 * numbers of no meaning. With `dropout` the same key drops the same elements, however sentences are packed, cut into chunks or
 * sharded, as long as `layout.data.numbers` numbers them alike. Unlike in transformers, padding is what the layout says, whatever the ids.
 *
 * @param parameters tensors by Hugging Face name, as `weightNames` lists them; further ones are ignored
 * @param ids token ids in the order of the layout's rows; rows of padding hold any valid id. Not to be written before the backward
 * pass is over
 * @throws ShapeError when a weight is missing or has the wrong shape, ids and layout don't fit, an id is not in the vocabulary, or a
 * sentence has more tokens than the model has positions
 * @see Song, Tan, Qin, Lu, Liu, "MPNet: Masked and Permuted Pre-training for Language Understanding", NeurIPS 2020
 *
 * @example
 * ```ts
 * import { initialParameters, mpnet, mpnetConfig } from "@kindred/mpnet";
 * import { keyFromSeed } from "@kindred/random";
 * import { cpu, packed } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const config = mpnetConfig({ model_type: "mpnet", vocab_size: 50, hidden_size: 8, num_attention_heads: 2, num_hidden_layers: 1 });
 * const weights = Object.entries(initialParameters(config, keyFromSeed(1)));
 * const parameters = Object.fromEntries(weights.map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]));
 * mpnet(parameters, Int32Array.of(0, 9, 2, 0, 2), { config, layout: packed([3, 2]) }).shape; // => [5, 8]
 * ```
 */
export function mpnet(
  parameters: { readonly [name: string]: Float },
  ids: Int32Array,
  { config, layout, dropout, onHiddenState }: MpnetOptions,
): Float<"tokens hidden"> {
  const { embeddings, encoder } = mpnetParameters(parameters, config);
  return tf.tidy(() => {
    let x = mpnetEmbeddings(embeddings, ids, { config, layout, dropoutKey: dropout });
    onHiddenState?.(x, 0);
    const bias = positionBias(encoder.relative_attention_bias.weight, relativeBuckets(layout.fixed.longest - 1));
    for (let i = 0; i < config.numHiddenLayers; i++) {
      const dropoutKey = dropout && childKey(dropout, "encoder.layer", i);
      const next = mpnetLayer(encoder.layer[i]!, x, { config, layout, bias, dropoutKey });
      x.dispose();
      x = next;
      onHiddenState?.(x, i + 1);
    }
    return x;
  });
}
