import { rmSync } from "node:fs";
import { sentenceDimension } from "@kindred/pooling";
import {
  familiesOf,
  lossOf,
  type TrainConfig,
  trainConfig,
  type TrainEvent,
  trainingData,
  trainingSampler,
} from "@kindred/trainer";
import { afterEach } from "vitest";
import { train } from "../src/train.ts";
import { toyRun } from "../../../packages/trainer/test-support/toy-run.ts";
import { openRunData, startingModel } from "../src/run-inputs.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A toy run's folder and options; the folder is gone after the test. */
export function toyRunOfTest(): ReturnType<typeof toyRun> {
  const run = toyRun();
  folders.push(run.folder);
  return run;
}

/** Options of a toy run that differ from its own. */
export type Given = { readonly [name: string]: unknown };

/** The same as a configuration, with these options. */
export function prepare(given: Given = {}) {
  const { folder, options } = toyRunOfTest();
  return { folder, config: trainConfig({ ...options, ...given }) };
}

/** What a run is made of, apart from who makes its steps. */
export async function inputsOf(config: TrainConfig) {
  const model = await startingModel(config, { families: familiesOf({}), folder: "" });
  const loss = lossOf(config, {}, { dimension: sentenceDimension(model.modules) });
  const data = await trainingData(config, model, { ...(await openRunData(config, loss)), loss, signal: undefined });
  const sampler = trainingSampler(config, data, {});
  await sampler.ready?.();
  return { model, data, sampler };
}

/** Everything that a run tells. */
export async function eventsOf(events: AsyncIterable<TrainEvent>): Promise<TrainEvent[]> {
  const all: TrainEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Everything that a run tells which is asked to stop, for the reason "enough", once it has made so many steps. */
export async function stoppedAfter(step: number, config: TrainConfig): Promise<TrainEvent[]> {
  const stop = new AbortController();
  const events: TrainEvent[] = [];
  for await (const event of train(config, { signal: stop.signal })) {
    events.push(event);
    if (event.type === "step" && event.step === step) stop.abort("enough");
  }
  return events;
}

/** The losses of its steps. */
export function losses(events: readonly TrainEvent[]): number[] {
  return events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
}

/** The last event, for runs that tell any. */
export const last = (events: readonly TrainEvent[]) => events[events.length - 1]!;
