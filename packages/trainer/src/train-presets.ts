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
  /**
   * A model from nothing that finds the answer to a remark, for the Self-Dialogue corpus in the form of Reddit's files (columns `context` and
   * `response`): two and a half passes over its 283,399 pairs, in a quarter of an hour on two cores. A remark and an answer are told apart by a
   * prompt, so that one encoder can be two. docs/train-on-your-pairs.md tells what it reaches, and what was tried.
   */
  "self-dialogue-small": {
    columns: "context,response",
    prompts: ["query=question: ", "document=answer: "],
    hiddenSize: 256,
    numHiddenLayers: 1,
    numAttentionHeads: 4,
    intermediateSize: 512,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0,
    maxSeqLength: 64,
    holdOut: 0,
    mixing: "batch",
    batchSize: 512,
    learningRate: 2e-3,
    rates: ["kind:table=1.5"],
    warmupSteps: 100,
    maxSteps: 1400,
    evalSteps: 200,
    loggingSteps: 50,
  },
  /**
   * How flax-sentence-embeddings/reddit_single-context_mpnet-base was trained, to the letter: `microsoft/mpnet-base`, 128 pairs on each of 8
   * cores, a gradient clipped on each before they are averaged, AdamW as transformers had it in 2021, two data sets a round and four steps
   * of each, a text once in a round, Reddit's files as they lie. Where the original is odd, the option says so, and what is clean is its default.
   *
   * The horizon of the schedule is not known of that model; 1,000,000 is that of its sister all-MiniLM-L6-v2, 540,000 the step on its card.
   *
   * @see N. Reimers, se-pytorch-xla (2021), train_many_data_files_v2.py
   */
  "reddit-mpnet-base": {
    model: "microsoft/mpnet-base",
    pooling: "mean",
    normalize: true,
    maxSeqLength: 128,
    holdOut: 0,
    onBadLine: "skip",
    maxRowsInMemory: 10_000_000,
    batchSize: 1024,
    cores: 8,
    mixing: "rounds",
    roundSteps: 4,
    runsPerRound: 2,
    duplicates: "drop",
    duplicateScope: "round",
    ownTextTwice: "keep",
    rowOrder: "original",
    firstRows: "lose",
    loss: "contrastive",
    scale: 20,
    similarity: "cosine",
    equalTexts: "keep",
    maxSteps: 1_000_000,
    stopAt: 540_000,
    learningRate: 2e-5,
    lrSchedulerType: "linear",
    warmupSteps: 500,
    optimizer: "hf",
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-6,
    weightDecay: 0,
    decay: "all",
    embeddingUpdate: "dense",
    clipping: "xla-exact",
    maxGradNorm: 1,
    evalSteps: 0,
    saveSteps: 10_000,
    saveTotalLimit: 0,
  },
} as const satisfies { readonly [name: string]: Partial<TrainConfig> };

/** The name of a preset. */
export type TrainPreset = keyof typeof trainPresets;
