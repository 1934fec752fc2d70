import {
  configReader,
  type Encoder,
  type EncoderFamily,
  type JsonObject,
  parameterNamed,
  storedNames,
} from "@kindred/encoder";
import { positionBias } from "@kindred/nn";
import { postNormEncoder, type PostNormLayerNames } from "@kindred/transformer";

/**
 * The padding of MPNet's tables, whatever `pad_token_id` says, as in transformers: row 1 of both gets no gradient, a token of id 1
 * has position 1, and other tokens count from 2.
 */
const padding = 1;

/**
 * MPNet: a post-norm transformer encoder without token types, with a bias on attention's scores that depends on the distance
 * between key and query and that all layers share.
 *
 * x₀ = dropout(LayerNorm(word[id] + position[p])), xᵢ = layerᵢ(xᵢ₋₁). A key of config.json that is missing has the default of Hugging
 * Face's `MPNetConfig`, which for `layer_norm_eps` (1e-12) and `max_position_embeddings` (512) is not what published models use
 * (1e-5, 514): their files say so themselves. Fewer than 32 relative buckets are refused: the original computes bucket numbers for
 * 32 whatever the file says, and fails on it.
 *
 * @see Song, Tan, Qin, Lu, Liu, "MPNet: Masked and Permuted Pre-training for Language Understanding", NeurIPS 2020
 */
export const mpnet: EncoderFamily = {
  modelTypes: ["mpnet"],
  newConfig: ({ vocabulary, hidden, layers, heads, intermediate, paddingId }) => ({
    model_type: "mpnet",
    vocab_size: vocabulary,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    max_position_embeddings: 514,
    layer_norm_eps: 1e-5,
    pad_token_id: paddingId,
  }),
  open: openMpnet,
};

function openMpnet(json: JsonObject, at: Parameters<EncoderFamily["open"]>[1]): Encoder {
  const config = mpnetConfig(json, at);
  const { hidden_size: hidden, num_attention_heads: heads, initializer_range: deviation } = config;
  const biasShape = [config.relative_attention_num_buckets, heads];
  const encoder = postNormEncoder({
    functionName: "mpnet",
    title: "MPNet",
    names,
    layerNames,
    vocabulary: config.vocab_size,
    hidden,
    layers: config.num_hidden_layers,
    heads,
    intermediate: config.intermediate_size,
    positions: config.max_position_embeddings,
    countedPadding: padding,
    wordWithoutGradient: padding,
    epsilon: config.layer_norm_eps,
    deviation,
    dropout: { hidden: config.hidden_dropout_prob, attention: config.attention_probs_dropout_prob },
    bias: {
      specs: [{ name: biasName, shape: biasShape, kind: "table", deviation }],
      of: (parameters, { fixed }) =>
        positionBias(parameterNamed(parameters, biasName), relativeBuckets(fixed.longest - 1)),
    },
  });
  return {
    ...encoder,
    configJson: ({ layers = config.num_hidden_layers } = {}) => ({
      architectures: ["MPNetModel"],
      model_type: "mpnet",
      hidden_act: "gelu",
      ...config,
      num_hidden_layers: layers,
    }),
    unused: [
      { name: "pooler.dense.weight", shape: [hidden, hidden] },
      { name: "pooler.dense.bias", shape: [hidden] },
    ],
    classifier: { dense: "classifier.dense", activation: "tanh", out: "classifier.out_proj" },
    parameterOf: storedNames(encoder.specs, "mpnet."),
  };
}

function mpnetConfig(json: JsonObject, { file, dropout = {} }: Parameters<EncoderFamily["open"]>[1]) {
  const read = configReader(json, { file });
  read.only("hidden_act", ["gelu"], "No published MPNet model has another one.");
  const config = {
    vocab_size: read.whole("vocab_size", { byDefault: 30527, least: padding + 1 }),
    hidden_size: read.whole("hidden_size", { byDefault: 768, least: 1 }),
    num_hidden_layers: read.whole("num_hidden_layers", { byDefault: 12, least: 0 }),
    num_attention_heads: read.whole("num_attention_heads", { byDefault: 12, least: 1 }),
    intermediate_size: read.whole("intermediate_size", { byDefault: 3072, least: 1 }),
    hidden_dropout_prob: dropout.hidden ?? read.share("hidden_dropout_prob", 0.1),
    attention_probs_dropout_prob: dropout.attention ?? read.share("attention_probs_dropout_prob", 0.1),
    max_position_embeddings: read.whole("max_position_embeddings", { byDefault: 512, least: padding + 2 }),
    layer_norm_eps: read.size("layer_norm_eps", 1e-12),
    initializer_range: read.size("initializer_range", 0.02),
    relative_attention_num_buckets: read.whole("relative_attention_num_buckets", {
      byDefault: 32,
      least: fewestBuckets,
    }),
    pad_token_id: read.whole("pad_token_id", { byDefault: 1, least: 0 }),
    bos_token_id: read.whole("bos_token_id", { byDefault: 0, least: 0 }),
    eos_token_id: read.whole("eos_token_id", { byDefault: 2, least: 0 }),
  };
  if (config.hidden_size % config.num_attention_heads !== 0)
    read.refuse("num_attention_heads", `a divisor of hidden_size ${config.hidden_size}`, "Change one of the two.");
  return config;
}

const biasName = "encoder.relative_attention_bias.weight";
const names = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  norm: "embeddings.LayerNorm",
};

function layerNames(i: number): PostNormLayerNames {
  const layer = `encoder.layer.${i}`;
  return {
    query: `${layer}.attention.attn.q`,
    key: `${layer}.attention.attn.k`,
    value: `${layer}.attention.attn.v`,
    attended: `${layer}.attention.attn.o`,
    attendedNorm: `${layer}.attention.LayerNorm`,
    inner: `${layer}.intermediate.dense`,
    outer: `${layer}.output.dense`,
    outerNorm: `${layer}.output.LayerNorm`,
  };
}

/** Rows of MPNet's table of relative positions that are used: the original computes bucket numbers for 32 whatever its configuration says. */
export const fewestBuckets = 32;

/**
 * The bucket of a distance key − query, for MPNet's relative position bias: 0 … 31.
 *
 * With n = |distance|: n itself below 8, then min(15, 8 + ⌊8·ln(n/8)/ln 16⌋), logarithmic up to 128; and 16 more when the key comes after the
 * query. Bucket 16 (distance 0 to the right) is never used.
 *
 * @param distance a whole number
 * @see Raffel et al., "Exploring the Limits of Transfer Learning" (T5), 2020, section 2.1, from which MPNet takes it
 *
 * @example
 * ```ts
 * import { relativeBucket } from "@kindred/mpnet";
 *
 * [-100, -8, -1, 0, 1, 8, 100].map(relativeBucket); // => [15, 8, 1, 0, 17, 24, 31]
 * ```
 */
export function relativeBucket(distance: number): number {
  const n = Math.abs(distance);
  const near = n < 8 ? n : Math.min(15, 8 + Math.floor((Math.log(n / 8) / Math.log(16)) * 8));
  return distance > 0 ? 16 + near : near;
}

/** The buckets of all distances from −maxDistance to maxDistance. */
export function relativeBuckets(maxDistance: number): Int32Array {
  return Int32Array.from({ length: 2 * maxDistance + 1 }, (_, i) => relativeBucket(i - maxDistance));
}
