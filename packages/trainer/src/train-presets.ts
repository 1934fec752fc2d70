import type { TrainConfig } from "./train-options.ts";

/** Named starting points of a configuration. What the command line says goes before them. */
export const trainPresets = {
  /** A small model from nothing, for two corpora that npm installs, in a few minutes on two cores. `kindred-train` names the data. */
  quickstart: {
    hiddenSize: 128,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 512,
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
    maxSeqLength: 64,
    batchSize: 256,
    learningRate: 3e-3,
    warmupSteps: 30,
    maxSteps: 300,
    mixing: "batch",
    loggingSteps: 5,
    evalSteps: 100,
    saveSteps: 150,
  },
  /** The numbers of flax-sentence-embeddings/reddit_single-context_mpnet-base, for a machine that can. */
  reddit: {
    hiddenSize: 768,
    numHiddenLayers: 12,
    numAttentionHeads: 12,
    intermediateSize: 3072,
    batchSize: 1024,
    learningRate: 2e-5,
    warmupSteps: 500,
    maxSteps: 1_000_000,
    stopAt: 540_000,
    duplicates: "drop",
    evalSteps: 10_000,
    saveSteps: 10_000,
  },
} as const satisfies { readonly [name: string]: Partial<TrainConfig> };

/** The name of a preset. */
export type TrainPreset = keyof typeof trainPresets;
