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
  [{ hiddenDropoutProb: 1 }, {}, /dropout of 1/],
  [{ maxBatchTokens: 100 }, {}, /less than one text/],
])("refuses %j %j", (given, source, message) => {
  expect(() => trainConfig(given, source)).toThrow(ConfigError);
  expect(() => trainConfig(given, source)).toThrow(message);
});
