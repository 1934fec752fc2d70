import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { memoryEstimate } from "@kindred/trainer";
import { expect, test } from "vitest";
import { eventsOf, last, prepare } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

test("a dry run checks, times a few steps, tells what the run would take, and writes nothing", async () => {
  const { config } = prepare({ evalSteps: 5, hiddenDropoutProb: 0.1 });
  const before = readdirSync(dirname(config.output));
  const events = await eventsOf(train(config, { dryRun: true }));
  expect(events.map(({ type }) => type)).toEqual(["start", "data", "evaluation", "estimate"]);
  expect(existsSync(config.output)).toBe(false);
  expect(readdirSync(dirname(config.output))).toEqual(before);
  const [start, data] = events;
  const estimate = last(events);
  if (estimate.type !== "estimate" || data?.type !== "data" || start?.type !== "start") throw new Error("no estimate");
  // 12 steps; evaluations before, after 5, after 10, and after.
  expect([estimate.steps, estimate.evaluations, estimate.timedSteps]).toEqual([12, 4, 3]);
  expect(estimate.seconds).toBeCloseTo(12 * estimate.secondsPerStep + 4 * estimate.secondsPerEvaluation, 6);
  expect(estimate.secondsPerStep).toBeGreaterThan(0);
  expect(estimate.peakBytes).toBeGreaterThan(50e6);
  expect(estimate.checkpointBytes).toBe(12 * start.parameters);
  expect(estimate.memory).toEqual(data.memory);
  expect(start.config).toEqual({ ...config, cores: 1 });
  // The run that follows is the one that there would have been without it.
  const run = await eventsOf(train(config));
  expect(run.slice(0, 2)).toEqual(JSON.parse(JSON.stringify(events.slice(0, 2))));
});

test("a dry run of a run that ends with its best model needs no checkpoints", async () => {
  const { config } = prepare({ maxSteps: 4, evalSteps: 4, saveSteps: 4, warmupSteps: 0, loadBestModelAtEnd: true });
  const events = await eventsOf(train(config, { dryRun: true }));
  expect(events[0]).toMatchObject({ type: "start", config: { loadBestModelAtEnd: true } });
  expect(last(events).type).toBe("estimate");
});

test("a dry run refuses what the run would refuse", async () => {
  const { config } = prepare();
  writeFileSync(config.data, '["a", "b"]\n["c"]\n');
  await expect(eventsOf(train(config, { dryRun: true }))).rejects.toThrow(/pairs\.jsonl:2: /);
  expect(existsSync(config.output)).toBe(false);
});

test("one step goes through everything once", async () => {
  const { config } = prepare({ maxSteps: 1, warmupSteps: 0, evalSteps: 1, saveSteps: 1 });
  const events = await eventsOf(train(config));
  expect(events.map(({ type }) => type)).toEqual([
    ...["start", "data", "evaluation", "examples", "step", "rows", "checkpoint", "evaluation", "examples", "done"],
  ]);
  expect(readdirSync(config.output).sort()).toEqual([
    "checkpoint-1",
    "events.jsonl",
    "model",
    "report.html",
    "run.json",
    "tensorboard",
  ]);
  expect(readdirSync(join(config.output, "model"))).toContain("README.md");
  expect(readFileSync(join(config.output, "report.html"), "utf8")).toContain("Memory, estimated: ");
});

test("an estimate of memory grows with what it is made of, and there is none for devices", () => {
  const weights = { w: { values: new Float32Array(1000), shape: [1000] } };
  const encoder = { sizes: { hidden: 8, layers: 2, intermediate: 32 } };
  const model = { weights, encoder } as unknown as Parameters<typeof memoryEstimate>[1]["model"]; // all that is read of it
  const at = (cores: number, maxBatchTokens: number, backend: "wasm" | "xla" = "wasm") =>
    memoryEstimate({ backend, maxBatchTokens }, { model, cores, summaries: [] });
  expect([at(1, 100)?.shared, at(2, 100)?.shared]).toEqual([4 * 1000 * 4, 4 * 1000 * 5]);
  expect(at(2, 200)?.chunks).toBe(4 * (at(1, 100)?.chunks ?? 0));
  expect(at(1, 100, "xla")).toBeUndefined();
});
