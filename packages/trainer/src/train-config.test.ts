import { ConfigError } from "@kindred/errors";
import { expect, test } from "vitest";
import { trainConfig } from "./train-config.ts";
import { trainOptions } from "./train-options.ts";
import { trainPresets } from "./train-presets.ts";

test("nothing given is the defaults; a preset goes over them, what is given over both", () => {
  expect(trainConfig({}).batchSize).toBe(trainOptions.batchSize.default);
  expect(trainConfig({}, { preset: "quickstart" }).hiddenSize).toBe(trainPresets.quickstart.hiddenSize);
  expect(trainConfig({ hiddenSize: 64 }, { preset: "quickstart" }).hiddenSize).toBe(64);
});

test("a short run warms up for a tenth of it, unless a warm-up is given", () => {
  expect(trainConfig({ maxSteps: 10 }).warmupSteps).toBe(0.1);
  expect(trainConfig({ maxSteps: 10, warmupSteps: 10 }).warmupSteps).toBe(10);
  expect(trainConfig({}).warmupSteps).toBe(500);
});

test("what an earlier run says is no contradiction, what is typed beside it is", () => {
  const base = trainConfig({ data: "a.jsonl", model: "folder", maxSteps: 5 });
  expect(trainConfig({ stopAt: 3 }, { base })).toEqual({ ...base, stopAt: 3 });
  expect(() => trainConfig({ hiddenSize: 64 }, { base })).toThrow(/hiddenSize describes a new model/);
});

test.each(Object.keys(trainPresets))("the preset %s is a valid configuration", (preset) => {
  expect(() => trainConfig({}, { preset })).not.toThrow();
});

test.each([
  [{ lerningRate: 1 }, {}, /unknown option lerningRate\. Did you mean learningRate\?/],
  [{}, { preset: "quikstart" }, /unknown preset quikstart\. Did you mean quickstart\?/],
  [{ batchSize: 1 }, {}, /bad value for batchSize/],
  [{ model: "folder", hiddenSize: 64 }, {}, /hiddenSize describes a new model/],
  [{ hiddenSize: 100, numAttentionHeads: 12 }, {}, /no multiple of numAttentionHeads/],
  [{ maxSteps: 5, stopAt: 6 }, {}, /stopAt lies behind maxSteps/],
  [{ warmupSteps: 9, maxSteps: 8 }, {}, /warmupSteps lies behind maxSteps/],
  [{ hiddenDropoutProb: 1 }, {}, /bad value for hiddenDropoutProb/],
  [{ learningRate: Number.POSITIVE_INFINITY }, {}, /bad value for learningRate/],
  [{ adamBeta1: 1 }, {}, /bad value for adamBeta1/],
  [{ adamEpsilon: 0 }, {}, /bad value for adamEpsilon/],
  [{ hiddenSize: 1e9 }, {}, /bad value for hiddenSize/],
  [{ maxBatchTokens: 100, maxSeqLength: 128 }, {}, /less than one text/],
  [{ columnSeqLengths: "2" }, {}, /columnSeqLengths is wrong\. Got 2, expected whole numbers from 3/],
  [
    { columnSeqLengths: "32,129", maxSeqLength: 128 },
    {},
    /Got 129, expected whole numbers from 3 to maxSeqLength = 128/,
  ],
  [{ columnSeqLengths: "a,b" }, {}, /bad value for columnSeqLengths/],
  [{ mixing: "batch", duplicateScope: "round" }, {}, /mixing batch has no rounds\. Got duplicateScope round/],
  [{ mixing: "batch", runsPerRound: 3 }, {}, /mixing batch has no rounds\. Got runsPerRound/],
  [{ lrPower: 2 }, {}, /linear has no lrPower\. Expected none of its kind/],
  [{ lrSchedulerType: "cosine_with_min_lr", lrPower: 2 }, {}, /has no lrPower\. Expected lrCycles, lrEnd/],
  [{ lrSchedulerType: "polynomial", lrEnd: 1, learningRate: 0.5 }, {}, /end is out of range\. Got 1/],
  [{ lrSchedulerType: "constant", warmupSteps: 5 }, {}, /constant has no warm-up.*constant_with_warmup/],
  [{ devices: 4 }, {}, /devices says something to XLA alone\. Got devices 4 and backend wasm\..*--backend xla/],
  [{ products: "bfloat16", backend: "cpu" }, {}, /products says something to XLA alone/],
  [{}, { base: { devices: 4 } }, /devices says something to XLA alone/],
  [{ backend: "xla", cores: 2 }, {}, /cores are worker threads.*Got cores 2\..*--devices/],
  [{ backend: "xla", embeddingUpdate: "lazy" }, {}, /Got embeddingUpdate "lazy", expected "dense"/],
  [{ backend: "xla", profile: true }, {}, /no op can be measured/],
  [{ backend: "xla", batchSize: 30, devices: 8 }, {}, /no multiple of the devices.*Got 30 and 8\. Take 32/],
])("refuses %j %j", (given, source, message) => {
  expect(() => trainConfig(given, source)).toThrow(ConfigError);
  expect(() => trainConfig(given, source)).toThrow(message);
});

test("a run on cores may go on with XLA, and one on devices without: each leaves behind what the other does not know", () => {
  const onCores = trainConfig({ cores: 2 });
  expect(trainConfig({ backend: "xla", devices: 4 }, { base: onCores })).toMatchObject({ backend: "xla", devices: 4 });
  const onDevices = trainConfig({ backend: "xla", devices: 4, products: "bfloat16" });
  expect(trainConfig({ backend: "wasm" }, { base: onDevices })).toEqual(trainConfig({}));
  expect(trainConfig({}, { base: onDevices })).toEqual(onDevices);
});

test("a program's family of encoders says itself what sizes it takes", () => {
  const bag = { modelType: "bag", hiddenSize: 100, numAttentionHeads: 12 };
  expect(trainConfig(bag)).toMatchObject(bag);
});
