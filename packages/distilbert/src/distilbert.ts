import { configReader, type Encoder, type EncoderFamily, type JsonObject, storedNames } from "@kindred/encoder";
import { postNormEncoder, type PostNormLayerNames } from "@kindred/transformer";

/** The epsilon of all layer norms, which config.json does not say. */
const epsilon = 1e-12;

/**
 * DistilBERT: BERT of half the layers, without token types. multi-qa-distilbert, msmarco-distilbert and distiluse are of this family.
 *
 * x₀ = dropout(LayerNorm(word[id] + position[p])), xᵢ = layerᵢ(xᵢ₋₁), positions counted from 0; no dropout between attention's linear map
 * and its layer norm. A key of config.json that is missing has the default of Hugging Face's `DistilBertConfig`.
 * `sinusoidal_pos_embds` says what the position table was at first, which a checkpoint holds all the same: it changes nothing.
 *
 * @see Sanh, Debut, Chaumond, Wolf, "DistilBERT, a distilled version of BERT: smaller, faster, cheaper and lighter", 2019
 */
export const distilbert: EncoderFamily = {
  modelTypes: ["distilbert"],
  newConfig: ({ vocabulary, hidden, layers, heads, intermediate, paddingId }) => ({
    model_type: "distilbert",
    vocab_size: vocabulary,
    dim: hidden,
    n_layers: layers,
    n_heads: heads,
    hidden_dim: intermediate,
    pad_token_id: paddingId,
  }),
  open: openDistilbert,
};

function openDistilbert(json: JsonObject, at: Parameters<EncoderFamily["open"]>[1]): Encoder {
  const config = distilbertConfig(json, at);
  const encoder = postNormEncoder({
    functionName: "distilbert",
    title: "DistilBERT",
    names,
    layerNames,
    vocabulary: config.vocab_size,
    hidden: config.dim,
    layers: config.n_layers,
    heads: config.n_heads,
    intermediate: config.hidden_dim,
    positions: config.max_position_embeddings,
    wordWithoutGradient: config.pad_token_id ?? undefined,
    epsilon,
    deviation: config.initializer_range,
    dropout: { hidden: config.dropout, attention: config.attention_dropout, attended: 0 },
  });
  return {
    ...encoder,
    configJson: ({ layers = config.n_layers } = {}) => ({
      architectures: ["DistilBertModel"],
      model_type: "distilbert",
      activation: "gelu",
      ...config,
      n_layers: layers,
    }),
    unused: [],
    classifier: { dense: "pre_classifier", activation: "relu", out: "classifier" },
    parameterOf: storedNames(encoder.specs, "distilbert."),
  };
}

function distilbertConfig(json: JsonObject, { file, dropout = {} }: Parameters<EncoderFamily["open"]>[1]) {
  const read = configReader(json, { file });
  read.only("activation", ["gelu"], "Other DistilBERT models are not supported.");
  if (Object.keys(Object(json["pruned_heads"])).length > 0)
    read.refuse("pruned_heads", "{}", "Layers without some of their heads are not supported.");
  const vocabulary = read.whole("vocab_size", { byDefault: 30522, least: 1 });
  const config = {
    vocab_size: vocabulary,
    dim: read.whole("dim", { byDefault: 768, least: 1 }),
    n_layers: read.whole("n_layers", { byDefault: 6, least: 0 }),
    n_heads: read.whole("n_heads", { byDefault: 12, least: 1 }),
    hidden_dim: read.whole("hidden_dim", { byDefault: 3072, least: 1 }),
    dropout: dropout.hidden ?? read.share("dropout", 0.1),
    attention_dropout: dropout.attention ?? read.share("attention_dropout", 0.1),
    max_position_embeddings: read.whole("max_position_embeddings", { byDefault: 512, least: 2 }),
    initializer_range: read.size("initializer_range", 0.02),
    pad_token_id: read.id("pad_token_id", { byDefault: 0, vocabulary }) ?? null,
  };
  if (config.dim % config.n_heads !== 0)
    read.refuse("n_heads", `a divisor of dim ${config.dim}`, "Change one of the two.");
  return config;
}

const names = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  norm: "embeddings.LayerNorm",
};

function layerNames(i: number): PostNormLayerNames {
  const layer = `transformer.layer.${i}`;
  return {
    query: `${layer}.attention.q_lin`,
    key: `${layer}.attention.k_lin`,
    value: `${layer}.attention.v_lin`,
    attended: `${layer}.attention.out_lin`,
    attendedNorm: `${layer}.sa_layer_norm`,
    inner: `${layer}.ffn.lin1`,
    outer: `${layer}.ffn.lin2`,
    outerNorm: `${layer}.output_layer_norm`,
  };
}
