import { expect, test } from "vitest";
import { learningRateSchedule, trainConfig } from "./train-config.ts";
import { trainPresets } from "./train-presets.ts";

const original = trainConfig({ data: "data_config.json", output: "run" }, { preset: "reddit-mpnet-base" });

// What the original script says, in its own words, and where that stands in ours.
test("reddit-mpnet-base is the original recipe, field by field", () => {
  const [nprocs, perCore, datasetsPerBatch] = [8, 128, 2];
  expect(original).toMatchObject({
    model: "microsoft/mpnet-base",
    cores: nprocs,
    batchSize: perCore * nprocs, // every pair against the gathered batch
    maxSeqLength: 128,
    columnSeqLengths: "",
    // mean pooling, and x / max(‖x‖, 1e-12)
    pooling: "mean",
    normalize: true,
    // (CE(S) + CE(Sᵀ)) / 2 of S = 20 · A · Bᵀ for two columns, one way against P ∪ N for three, nothing masked
    loss: "contrastive",
    scale: 20,
    similarity: "cosine",
    direction: undefined,
    equalTexts: "keep",
    hardnessMode: undefined,
    matryoshka: "",
    // transformers.AdamW(lr=2e-5, correct_bias=True), one group
    optimizer: "hf",
    learningRate: 2e-5,
    adamBeta1: 0.9,
    adamBeta2: 0.999,
    adamEpsilon: 1e-6,
    weightDecay: 0,
    decay: "all",
    embeddingUpdate: "dense",
    freeze: [],
    layerDecay: 1,
    clipping: "xla-exact",
    maxGradNorm: 1,
    lrSchedulerType: "linear",
    warmupSteps: 500,
    maxSteps: 1_000_000,
    stopAt: 540_000,
    // the producer: num_same_dataset = int(nprocs / datasets_per_batch) steps of each of datasets_per_batch data sets
    mixing: "rounds",
    roundSteps: Math.floor(nprocs / datasetsPerBatch),
    runsPerRound: datasetsPerBatch,
    duplicates: "drop",
    duplicateScope: "round",
    ownTextTwice: "keep",
    firstRows: "lose",
    // the readers
    rowOrder: "original",
    maxRowsInMemory: 10_000_000,
    onBadLine: "skip",
    holdOut: 0,
    evalData: [],
    evalSteps: 0,
    saveSteps: 10_000,
    saveTotalLimit: 0,
  });
});

test("its first update has the rate 0, its peak is at 500, and its rate at the step of the card is known", () => {
  const rate = learningRateSchedule(original);
  expect([0, 250, 500, 1_000_000].map(rate)).toEqual([0, 1e-5, 2e-5, 0]);
  expect(rate(540_000)).toBeCloseTo(9.205e-6, 9); // 2e-5 · 460,000 / 999,500
});

test("what is odd in it is off by default", () => {
  const clean = trainConfig({});
  expect(clean).toMatchObject({
    clipping: "clean",
    duplicates: "defer",
    duplicateScope: "batch",
    ownTextTwice: "drop",
    rowOrder: "shuffle",
    firstRows: "keep",
    onBadLine: "error",
    decay: "weights",
    equalTexts: undefined,
  });
});

test.each(Object.keys(trainPresets))("%s is a configuration", (preset) => {
  expect(trainConfig({ data: "data_config.json", output: "run" }, { preset })).toMatchObject(
    trainPresets[preset as keyof typeof trainPresets], // one of its keys
  );
});
