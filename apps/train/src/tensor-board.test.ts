import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { resumePoint } from "@kindred/run-folder/node";
import type { TrainEvent } from "@kindred/trainer";
import { describe, expect, test } from "vitest";
import { eventsOf, prepare } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

/** TensorBoard's own reader of a folder of event files: every scalar's steps and values, and the texts. */
const reader = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
accumulator = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "tensors": 0})
accumulator.Reload()
tags = accumulator.Tags()
scalars = {tag: [[e.step, e.value] for e in accumulator.Scalars(tag)] for tag in tags["scalars"]}
texts = {tag: [e.tensor_proto.string_val[0].decode() for e in accumulator.Tensors(tag)] for tag in tags["tensors"]}
plugin = accumulator.SummaryMetadata("config").plugin_data.plugin_name
print(json.dumps({"scalars": scalars, "texts": texts, "plugin": plugin}))
`;
type Read = {
  scalars: { [tag: string]: [step: number, value: number][] };
  texts: { [tag: string]: string[] };
  plugin: string;
};
const hasReader = spawnSync("python3", ["-c", "import tensorboard"]).status === 0;
const read = (run: string): Read =>
  JSON.parse(execFileSync("python3", ["-c", reader, join(run, "tensorboard")], { encoding: "utf8" }));

test("each part of a run has an event file, in the order of their names", async () => {
  const { config } = prepare({ stopAt: 4 });
  await eventsOf(train(config));
  await eventsOf(train({ ...config, stopAt: 6 }, { resume: await resumePoint(config.output) }));
  const names = readdirSync(join(config.output, "tensorboard")).sort();
  expect(names.map((name) => name.replace(/\d{10}/, "<seconds>"))).toEqual([
    "events.out.tfevents.<seconds>.0001",
    "events.out.tfevents.<seconds>.0002",
  ]);
  const { config: without } = prepare({ tensorboard: false, maxSteps: 2, warmupSteps: 0 });
  await eventsOf(train(without));
  expect(readdirSync(without.output)).not.toContain("tensorboard");
});

describe.skipIf(!hasReader)("the reader of TensorBoard (pip install tensorboard)", () => {
  test("reads what events.jsonl has, of a run that was cut in the middle and went on too", async () => {
    const { config } = prepare({ loggingSteps: 1, evalSteps: 4, saveSteps: 4 });
    const cut: TrainEvent[] = [];
    for await (const event of train(config)) {
      cut.push(event);
      if (event.type === "step" && event.step === 7) break; // steps 5 to 7 are lost, and are in the first file
    }
    const more = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
    const events = [...cut.filter((event) => !("step" in event) || event.step <= 4), ...more];
    const { scalars, texts, plugin } = read(config.output);
    const ofSteps = (value: (event: Extract<TrainEvent, { type: "step" }>) => number) =>
      events.flatMap((event) => (event.type === "step" ? [[event.step, Math.fround(value(event))]] : []));
    expect(scalars["train/loss"]).toEqual(ofSteps(({ loss }) => loss));
    expect(scalars["train/learning_rate"]).toEqual(ofSteps(({ learningRate }) => learningRate));
    expect(scalars["train/gradient_norm"]).toEqual(ofSteps(({ gradientNorm }) => gradientNorm));
    expect(scalars["eval/pairs_mrr@10"]).toEqual(
      events.flatMap((event) =>
        event.type === "evaluation" ? [[event.step, Math.fround(event.metrics["pairs_mrr@10"] ?? Number.NaN)]] : [],
      ),
    );
    expect([plugin, texts["config"]?.[0]?.includes(`"maxSteps": ${config.maxSteps}`)]).toEqual(["text", true]);
  });
});
