import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterAll, expect, test } from "vitest";
import { distillConfig, readDistillConfig } from "./distill-config.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-distill-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("options of a distillation and of its training are told apart, and what is not said of its own is as it is by default", () => {
  const config = distillConfig({ texts: ["a.txt"], teacher: "large", output: "small", learningRate: 0.01, cores: 2 });
  expect(config.training).toEqual({ learningRate: 0.01, cores: 2 });
  expect(config).toMatchObject({ texts: ["a.txt"], teacher: "large", output: "small", words: "teacher", layers: "" });
});

test("one that goes on is as it was begun, with what changes of its training", () => {
  const config = distillConfig({ texts: ["a.txt"], teacher: "large", output: "moved", maxSteps: 9, seed: 3 });
  writeFileSync(join(folder, "distill.json"), JSON.stringify({ config }));
  const again = readDistillConfig(folder, { maxSteps: 20 });
  expect(again).toEqual({ ...config, output: folder, training: { maxSteps: 20, seed: 3 } });
});

test.each([
  [
    "an option that there is not",
    () => distillConfig({ teachr: "x" }),
    /unknown option teachr\. Did you mean teacher\?/,
  ],
  ["one that it sets itself", () => distillConfig({ data: "x" }), /unknown option data/],
  ["a bad value of its own", () => distillConfig({ layers: "a" }), /bad value for layers.*as 0,3,6,9/],
  ["a bad value of its training", () => distillConfig({ batchSize: 1 }), /bad value for batchSize/],
  ["another teacher as it goes on", () => readDistillConfig(folder, { teacher: "x" }), /Got also --teacher/],
  ["a bad value as it goes on", () => readDistillConfig(folder, { maxSteps: -1 }), /bad value for maxSteps/],
  ["a folder that is none", () => readDistillConfig(join(folder, "no")), /cannot be read as a distillation/],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});
