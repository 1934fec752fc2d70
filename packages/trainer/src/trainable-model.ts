import { initialParameters, mpnetConfig } from "@kindred/mpnet";
import { poolingFromConfig } from "@kindred/pooling";
import { childKey, keyFromSeed } from "@kindred/random";
import type { ModelSettings, SentenceModel } from "@kindred/sentence-encoder";
import { fromFloat32 } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import type { TrainConfig } from "./train-options.ts";

/** Weights in ordinary memory, by their bare Hugging Face names. */
export type NamedWeights = {
  readonly [name: string]: { readonly shape: readonly number[]; readonly values: Float32Array };
};

/** A model in ordinary memory, before it is given to the cores. */
export type TrainableModel = {
  readonly settings: ModelSettings;
  readonly tokenizer: Tokenizer;
  /** Every weight that training moves, by its bare Hugging Face name. */
  readonly weights: NamedWeights;
};

/**
 * A model of random weights, of the size that the configuration says. The same seed gives the same weights.
 *
 * @example
 * ```ts
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 * import { newModel, trainConfig } from "@kindred/trainer";
 *
 * const config = trainConfig({ hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 16 });
 * const tokenizer = tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\ndog\n[UNK]\n<mask>\n");
 * const { weights } = newModel(config, tokenizer);
 * weights["embeddings.word_embeddings.weight"]?.shape; // => [8, 8]
 * ```
 */
export function newModel(config: TrainConfig, tokenizer: Tokenizer): TrainableModel {
  const model = mpnetConfig(
    {
      model_type: "mpnet",
      architectures: ["MPNetModel"],
      vocab_size: tokenizer.vocabularySize,
      hidden_size: config.hiddenSize,
      num_hidden_layers: config.numHiddenLayers,
      num_attention_heads: config.numAttentionHeads,
      intermediate_size: config.intermediateSize,
      hidden_dropout_prob: config.hiddenDropoutProb ?? 0.1,
      attention_probs_dropout_prob: config.attentionProbsDropoutProb ?? 0.1,
      max_position_embeddings: 514,
      layer_norm_eps: 1e-5,
    },
    { file: "the configuration" },
  );
  const modes = {
    [`pooling_mode_${config.pooling === "mean" ? "mean_tokens" : config.pooling === "cls" ? "cls_token" : "max_tokens"}`]: true,
  };
  return {
    settings: {
      config: model,
      pooling: poolingFromConfig({ word_embedding_dimension: config.hiddenSize, ...modes }),
      dense: [],
      normalize: true,
      maxSeqLength: config.maxSeqLength ?? 128,
      doLowerCase: false,
      similarityFunction: "cosine",
      prompts: {},
      defaultPromptName: undefined,
      truncateDim: undefined,
    },
    tokenizer,
    weights: initialParameters(model, childKey(keyFromSeed(config.seed), "initial parameters")),
  };
}

/**
 * A loaded model with what the configuration says of it: how many tokens of a text it reads, and its dropout.
 *
 * @example
 * ```ts ignore
 * import { fineTunedModel, type TrainableModel, trainConfig } from "@kindred/trainer";
 *
 * declare const loaded: TrainableModel;
 * fineTunedModel(trainConfig({ maxSeqLength: 64 }), loaded).settings.maxSeqLength; // 64
 * ```
 */
export function fineTunedModel(config: TrainConfig, { settings, ...model }: TrainableModel): TrainableModel {
  const own = settings.config;
  const maxSeqLength = Math.min(config.maxSeqLength ?? settings.maxSeqLength, own.maxPositionEmbeddings - 2);
  const { hiddenDropoutProb = own.hiddenDropoutProb, attentionProbsDropoutProb = own.attentionProbsDropoutProb } =
    config;
  return {
    ...model,
    settings: { ...settings, maxSeqLength, config: { ...own, hiddenDropoutProb, attentionProbsDropoutProb } },
  };
}

/** The model as it is saved, with the weights that `values` holds now. */
export function sentenceModel(
  { settings, tokenizer, weights }: TrainableModel,
  values: { readonly [name: string]: Float32Array },
): SentenceModel {
  return {
    settings,
    tokenizer,
    weights: Object.entries(weights).map(([name, { shape, values: initial }]) => {
      return [name, fromFloat32(values[name] ?? initial, shape)] as const;
    }),
  };
}
