import {
  configReader,
  type Encoder,
  type EncoderFamily,
  type EncoderParameters,
  type EncoderTokens,
  expectParameters,
  type ForwardOptions,
  type JsonObject,
  layerNormSpecs,
  type ParameterSpec,
  storedNames,
} from "@kindred/encoder";
import { childKey } from "@kindred/random";
import { type Float, layoutPositions } from "@kindred/tensor";
import { postNormLayer, type PostNormLayerNames, postNormLayerSpecs, tokenEmbeddings } from "@kindred/transformer";
import * as tf from "@tensorflow/tfjs-core";

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
export const bert: EncoderFamily = {
  modelTypes: ["bert"],
  newConfig: ({ vocabulary, hidden, layers, heads, intermediate, paddingId }) => ({
    model_type: "bert",
    vocab_size: vocabulary,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: intermediate,
    pad_token_id: paddingId,
  }),
  open: openBert,
};

function openBert(json: JsonObject, at: Parameters<EncoderFamily["open"]>[1]): Encoder {
  const config = bertConfig(json, at);
  const { vocab_size: vocabulary, hidden_size: hidden, num_attention_heads: heads, num_hidden_layers: layers } = config;
  const specs = bertSpecs(config);
  return {
    description: `BERT, ${layers} layers of width ${hidden}, ${heads} heads, feed-forward ${config.intermediate_size}`,
    configJson: () => ({ architectures: ["BertModel"], model_type: "bert", ...fixed, ...config }),
    specs,
    unused: [
      { name: "pooler.dense.weight", shape: [hidden, hidden] },
      { name: "pooler.dense.bias", shape: [hidden] },
    ],
    sizes: { hidden, longest: config.max_position_embeddings, vocabulary },
    parameterOf: storedNames(specs, "bert."),
    forward: (parameters, tokens, options) => forward(parameters, tokens, { ...options, config, specs }),
  };
}

/** Keys of which another value needs another forward pass. */
const fixed = { hidden_act: "gelu", position_embedding_type: "absolute" };

type BertConfig = ReturnType<typeof bertConfig>;

function bertConfig(json: JsonObject, { file, dropout = {} }: Parameters<EncoderFamily["open"]>[1]) {
  const read = configReader(json, { file });
  for (const [key, value] of Object.entries(fixed)) read.only(key, [value], "Other BERT models are not supported.");
  for (const key of ["is_decoder", "add_cross_attention", "is_encoder_decoder"])
    read.only(key, [false], "A decoder sees only the tokens before it.");
  if (Object.keys(Object(json["pruned_heads"])).length > 0)
    read.refuse("pruned_heads", "{}", "Layers without some of their heads are not supported.");
  const vocabulary = read.whole("vocab_size", { byDefault: 30522, least: 1 });
  const config = {
    vocab_size: vocabulary,
    hidden_size: read.whole("hidden_size", { byDefault: 768, least: 1 }),
    num_hidden_layers: read.whole("num_hidden_layers", { byDefault: 12, least: 0 }),
    num_attention_heads: read.whole("num_attention_heads", { byDefault: 12, least: 1 }),
    intermediate_size: read.whole("intermediate_size", { byDefault: 3072, least: 1 }),
    hidden_dropout_prob: dropout.hidden ?? read.share("hidden_dropout_prob", 0.1),
    attention_probs_dropout_prob: dropout.attention ?? read.share("attention_probs_dropout_prob", 0.1),
    max_position_embeddings: read.whole("max_position_embeddings", { byDefault: 512, least: 2 }),
    type_vocab_size: read.whole("type_vocab_size", { byDefault: 2, least: 1 }),
    layer_norm_eps: read.size("layer_norm_eps", 1e-12),
    initializer_range: read.size("initializer_range", 0.02),
    pad_token_id: read.id("pad_token_id", { byDefault: 0, vocabulary }) ?? null,
  };
  if (config.hidden_size % config.num_attention_heads !== 0)
    read.refuse("num_attention_heads", `a divisor of hidden_size ${config.hidden_size}`, "Change one of the two.");
  return config;
}

const embeddingNames = {
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

function bertSpecs(config: BertConfig): ParameterSpec[] {
  const { hidden_size: hidden, intermediate_size: intermediate, initializer_range: deviation } = config;
  const table = (name: string, rows: number, row: number | null = null): ParameterSpec => ({
    name: `${name}.weight`,
    shape: [rows, hidden],
    kind: "table",
    deviation,
    ...(row !== null && { rowWithoutGradient: row }),
  });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) =>
    postNormLayerSpecs(layerNames(i), { hidden, intermediate, deviation }).map((spec) => ({ ...spec, depth: i + 1 })),
  );
  const embeddings = [
    table(embeddingNames.words, config.vocab_size, config.pad_token_id),
    table(embeddingNames.positions, config.max_position_embeddings),
    table(embeddingNames.types, config.type_vocab_size),
    ...layerNormSpecs(embeddingNames.norm, hidden),
  ];
  return [...embeddings.map((spec) => ({ ...spec, depth: 0 })), ...layers.flat()];
}

function forward(
  parameters: EncoderParameters,
  tokens: EncoderTokens,
  options: ForwardOptions & { readonly config: BertConfig; readonly specs: readonly ParameterSpec[] },
): Float<"tokens hidden"> {
  const { config, specs, layout, dropout } = options;
  const { num_attention_heads: heads, layer_norm_eps: epsilon } = config;
  const rates = { hidden: config.hidden_dropout_prob, attention: config.attention_probs_dropout_prob };
  expectParameters("bert", parameters, specs);
  return tf.tidy(() => {
    let x = tokenEmbeddings(parameters, tokens, {
      functionName: "bert",
      names: embeddingNames,
      layout,
      positions: layoutPositions(layout).map((position) => Math.max(position, 0)), // rows of padding have none
      longest: config.max_position_embeddings,
      rowsWithoutGradient: { words: config.pad_token_id ?? undefined },
      epsilon,
      ...(dropout && { dropout: { ...rates, key: childKey(dropout, "embeddings") } }),
    });
    for (let i = 0; i < config.num_hidden_layers; i++) {
      const drop = dropout && { dropout: { ...rates, key: childKey(dropout, "encoder.layer", i) } };
      const next = postNormLayer(parameters, x, { names: layerNames(i), layout, heads, epsilon, ...drop });
      x.dispose();
      x = next;
    }
    return x;
  });
}
