import {
  type ClassifierHead,
  configReader,
  type Encoder,
  type EncoderFamily,
  type JsonObject,
  storedNames,
} from "@kindred/encoder";
import { postNormEncoder, type PostNormLayerNames } from "@kindred/transformer";

/** What tells BERT from those that are BERT but for their positions and defaults. */
export type BertKind = {
  /** The value of `model_type` in config.json. */
  readonly modelType: string;
  readonly title: string;
  /** The class of Hugging Face's, for `architectures` in config.json. */
  readonly architecture: string;
  /** What masked-LM checkpoints put in front of names, with the dot at its end. */
  readonly prefix: string;
  /** What a missing `vocab_size` and `pad_token_id` are. */
  readonly defaults: { readonly vocabulary: number; readonly padding: number };
  readonly classifier: ClassifierHead;
  /** Where positions count: tokens that are not padding, from the row after the padding's, or columns, from row 0. */
  readonly positions: "columns" | "tokens";
};

/**
 * BERT: a post-norm transformer encoder with positions counted from 0 and token types. all-MiniLM, bge, e5, gte, arctic-embed and
 * most small sentence encoders are of this family.
 *
 * x₀ = dropout(LayerNorm(word[id] + position[p] + type[t])), xᵢ = layerᵢ(xᵢ₋₁), t = 0 unless told otherwise. A key of config.json that is
 * missing has the default of Hugging Face's `BertConfig`. Padding is what the layout says: `pad_token_id` says only which row of
 * the word table gets no gradient.
 *
 * @see Devlin, Chang, Lee, Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", NAACL 2019
 */
export const bert: EncoderFamily = bertFamily({
  modelType: "bert",
  title: "BERT",
  architecture: "BertModel",
  prefix: "bert.",
  defaults: { vocabulary: 30522, padding: 0 },
  classifier: { dense: "bert.pooler.dense", activation: "tanh", out: "classifier" },
  positions: "columns",
});

/** The family of all models of one kind. */
export function bertFamily(kind: BertKind): EncoderFamily {
  return {
    modelTypes: [kind.modelType],
    newConfig: ({ vocabulary, hidden, layers, heads, intermediate, paddingId }) => ({
      model_type: kind.modelType,
      vocab_size: vocabulary,
      hidden_size: hidden,
      num_hidden_layers: layers,
      num_attention_heads: heads,
      intermediate_size: intermediate,
      pad_token_id: paddingId,
      // As published models of theirs, whose files say so: room for 512 tokens, and another epsilon than the class's default.
      ...(kind.positions === "tokens" && { max_position_embeddings: 512 + paddingId + 1, layer_norm_eps: 1e-5 }),
    }),
    open: (json, at) => openBert(kind, json, at),
  };
}

function openBert(kind: BertKind, json: JsonObject, at: Parameters<EncoderFamily["open"]>[1]): Encoder {
  const { modelType, title, architecture, prefix, classifier } = kind;
  const config = bertConfig(kind, json, at);
  const { hidden_size: hidden, pad_token_id: padding } = config;
  const encoder = postNormEncoder({
    functionName: modelType,
    title,
    names,
    layerNames,
    vocabulary: config.vocab_size,
    hidden,
    layers: config.num_hidden_layers,
    heads: config.num_attention_heads,
    intermediate: config.intermediate_size,
    positions: config.max_position_embeddings,
    ...(kind.positions === "tokens" && padding !== null && { countedPadding: padding }),
    types: config.type_vocab_size,
    wordWithoutGradient: padding ?? undefined,
    epsilon: config.layer_norm_eps,
    deviation: config.initializer_range,
    dropout: { hidden: config.hidden_dropout_prob, attention: config.attention_probs_dropout_prob },
  });
  return {
    ...encoder,
    configJson: ({ layers = config.num_hidden_layers } = {}) => ({
      architectures: [architecture],
      model_type: modelType,
      ...fixed,
      ...config,
      num_hidden_layers: layers,
    }),
    unused: [
      { name: "pooler.dense.weight", shape: [hidden, hidden] },
      { name: "pooler.dense.bias", shape: [hidden] },
    ],
    classifier,
    parameterOf: storedNames(encoder.specs, prefix),
  };
}

/** Keys of which another value needs another forward pass. */
const fixed = { hidden_act: "gelu", position_embedding_type: "absolute" };

function bertConfig(
  { title, defaults, positions }: BertKind,
  json: JsonObject,
  { file, dropout = {} }: Parameters<EncoderFamily["open"]>[1],
) {
  const read = configReader(json, { file });
  for (const [key, value] of Object.entries(fixed)) read.only(key, [value], `Other ${title} models are not supported.`);
  for (const key of ["is_decoder", "add_cross_attention", "is_encoder_decoder"])
    read.only(key, [false], "A decoder sees only the tokens before it.");
  if (Object.keys(Object(json["pruned_heads"])).length > 0)
    read.refuse("pruned_heads", "{}", "Layers without some of their heads are not supported.");
  const vocabulary = read.whole("vocab_size", { byDefault: defaults.vocabulary, least: 1 });
  const padding = read.id("pad_token_id", { byDefault: defaults.padding, vocabulary }) ?? null;
  if (positions === "tokens" && padding === null)
    read.refuse(
      "pad_token_id",
      `an id from 0 to ${vocabulary - 1}`,
      "Positions count the tokens that are not padding.",
    );
  const least = 2 + (positions === "tokens" ? (padding ?? 0) + 1 : 0);
  const config = {
    vocab_size: vocabulary,
    hidden_size: read.whole("hidden_size", { byDefault: 768, least: 1 }),
    num_hidden_layers: read.whole("num_hidden_layers", { byDefault: 12, least: 0 }),
    num_attention_heads: read.whole("num_attention_heads", { byDefault: 12, least: 1 }),
    intermediate_size: read.whole("intermediate_size", { byDefault: 3072, least: 1 }),
    hidden_dropout_prob: dropout.hidden ?? read.share("hidden_dropout_prob", 0.1),
    attention_probs_dropout_prob: dropout.attention ?? read.share("attention_probs_dropout_prob", 0.1),
    max_position_embeddings: read.whole("max_position_embeddings", { byDefault: 512, least }),
    type_vocab_size: read.whole("type_vocab_size", { byDefault: 2, least: 1 }),
    layer_norm_eps: read.size("layer_norm_eps", 1e-12),
    initializer_range: read.size("initializer_range", 0.02),
    pad_token_id: padding,
  };
  if (config.hidden_size % config.num_attention_heads !== 0)
    read.refuse("num_attention_heads", `a divisor of hidden_size ${config.hidden_size}`, "Change one of the two.");
  return config;
}

const names = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  types: "embeddings.token_type_embeddings",
  norm: "embeddings.LayerNorm",
};

function layerNames(i: number): PostNormLayerNames {
  const layer = `encoder.layer.${i}`;
  return {
    query: `${layer}.attention.self.query`,
    key: `${layer}.attention.self.key`,
    value: `${layer}.attention.self.value`,
    attended: `${layer}.attention.output.dense`,
    attendedNorm: `${layer}.attention.output.LayerNorm`,
    inner: `${layer}.intermediate.dense`,
    outer: `${layer}.output.dense`,
    outerNorm: `${layer}.output.LayerNorm`,
  };
}
