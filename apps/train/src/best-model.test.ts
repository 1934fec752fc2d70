import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { resumePoint } from "@kindred/run-folder/node";
import { readSafetensors } from "@kindred/tensor-files";
import { readFileSync } from "node:fs";
import type { TrainEvent } from "@kindred/trainer";
import { expectMutantToFail } from "@kindred/testing";
import { expect, test } from "vitest";
import { eventsOf, last, prepare, stoppedAfter } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

/** A run that soon gets worse: its rate is far too high. */
const worse = { evalSteps: 2, saveSteps: 1, maxSteps: 12, learningRate: 0.3, warmupSteps: 0, saveTotalLimit: 1 };

const weightsIn = (folder: string) => {
  const { tensors } = readSafetensors(readFileSync(join(folder, "model.safetensors")));
  return Object.fromEntries([...tensors].map(([name, { bytes }]) => [name, Buffer.from(bytes).toString("base64")]));
};
const evaluations = (events: readonly TrainEvent[]) =>
  events.flatMap((event) => (event.type === "evaluation" && event.step > 0 ? [event] : []));

test("the model is that of the best checkpoint, which is kept beside the last", async () => {
  const { config } = prepare({ ...worse, loadBestModelAtEnd: true });
  const events = await eventsOf(train(config));
  const done = last(events);
  const metric = "pairs_mrr@10";
  const most = Math.max(...evaluations(events).map(({ metrics }) => metrics[metric] ?? Number.NaN));
  const best = evaluations(events).find(({ metrics }) => metrics[metric] === most);
  expect(done).toMatchObject({ best: { metric, step: best?.step, value: most, loaded: true } });
  expect(done.type === "done" && done.metrics[metric]?.after).toBe(most);
  expect(best?.step).toBeLessThan(12); // else the rest says nothing
  const kept = readdirSync(config.output).filter((name) => name.startsWith("checkpoint-"));
  expect(kept.sort()).toEqual(["checkpoint-12", `checkpoint-${best?.step}`].sort());
  const expectModelOf = (step: number | undefined) =>
    expect(weightsIn(join(config.output, "model"))).toEqual(weightsIn(join(config.output, `checkpoint-${step}`)));
  expectModelOf(best?.step);
  expectMutantToFail(() => expectModelOf(12));
  const told = events.flatMap((event) => (event.type === "best" ? [event] : []));
  expect(told.at(-1)).toMatchObject({ step: best?.step, value: most });
  expect(told.slice(1).every(({ before, value }) => before !== undefined && before.value < value)).toBe(true);
});

test("a run ends early after evaluations without a gain, and is resumed to go on only with more patience", async () => {
  const options = { ...worse, earlyStoppingPatience: 2, maxSteps: 40 };
  const { config } = prepare(options);
  const events = await eventsOf(train(config));
  const done = last(events);
  expect(done).toMatchObject({ type: "done", stoppedEarly: { evaluations: 2, lastStep: 40 } });
  const end = done.type === "done" ? done.steps : 0;
  expect(done).toMatchObject({ best: { step: end - 4, loaded: false } });
  const again = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
  expect(last(again)).toMatchObject({ type: "done", steps: end, stoppedEarly: { evaluations: 2 } });
  expect(again.some(({ type }) => type === "step")).toBe(false);
  const patient = { ...config, earlyStoppingPatience: 100, stopAt: end + 2 };
  const more = await eventsOf(train(patient, { resume: await resumePoint(config.output) }));
  expect(last(more)).toMatchObject({ type: "done", steps: end + 2 });
});

test("what is best survives a resume: the events of two parts are those of one, to the last bit", async () => {
  const options = { ...worse, loadBestModelAtEnd: true, earlyStoppingPatience: 3 };
  const whole = await eventsOf(train(prepare(options).config));
  const { config } = prepare(options);
  const first = await stoppedAfter(5, config);
  const second = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
  const told = (events: readonly TrainEvent[]) => events.filter(({ type }) => type === "best");
  expect([...told(first), ...told(second)]).toEqual(told(whole));
  const bestOf = (events: readonly TrainEvent[]) => {
    const done = last(events);
    return done.type === "done" ? { best: done.best, metrics: done.metrics, steps: done.steps } : undefined;
  };
  expect(bestOf(second)).toEqual(bestOf(whole));
});

test("refused before anything is written: a metric that there will not be; at a resume, a best checkpoint that is gone", async () => {
  const { config } = prepare({ ...worse, metricForBestModel: "pairs_mrr@1" });
  await expect(eventsOf(train(config))).rejects.toThrow("Did you mean pairs_mrr@10?");
  expect(existsSync(config.output)).toBe(false);
  const begun = prepare({ ...worse, loadBestModelAtEnd: true, stopAt: 8 });
  const events = await eventsOf(train(begun.config));
  const done = last(events);
  const best = done.type === "done" ? done.best?.step : undefined;
  expect(best).toBeLessThan(8);
  rmSync(join(begun.config.output, `checkpoint-${best}`), { recursive: true });
  const resumed = train({ ...begun.config, stopAt: 0 }, { resume: await resumePoint(begun.config.output) });
  await expect(eventsOf(resumed)).rejects.toThrow(ConfigError);
  const other = train({ ...begun.config, stopAt: 0 }, { resume: await resumePoint(begun.config.output) });
  await expect(eventsOf(other)).rejects.toThrow(/checkpoint-\d+.*--no-load-best-model-at-end/);
});
