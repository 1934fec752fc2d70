import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { resumePoint } from "@kindred/run-folder/node";
import { cpu } from "@kindred/tensor";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { type TrainEvent, trainConfig, trainingCore, trainingRun, trainingSteps } from "@kindred/trainer";
import { describe, expect, test } from "vitest";
import { eventsOf, inputsOf, last, prepare } from "../test-support/toy-training.ts";
import { train, type TrainOptions } from "./train.ts";

const weightsOf = (output: string) => readFileSync(join(output, "model", "model.safetensors"));

/** The events of a run until one is like this, where it is asked to stop; and those that come after. */
async function stoppedAt(
  config: Parameters<typeof train>[0],
  isThere: (event: TrainEvent) => boolean,
  options: TrainOptions = {},
): Promise<TrainEvent[]> {
  const stop = new AbortController();
  const reader = { read: (event: TrainEvent) => void (isThere(event) && stop.abort("SIGTERM")) };
  return eventsOf(train(config, { ...options, signal: stop.signal, readers: [reader] }));
}

describe("a stop", () => {
  test("cuts an evaluation, before which the run has saved; resumed, it evaluates and ends as if unbroken", async () => {
    const unbroken = prepare({ saveSteps: 6 });
    const all = await eventsOf(train(unbroken.config));
    const { config } = prepare({ saveSteps: 6 });
    const first = await stoppedAt(config, (event) => event.type === "checkpoint" && event.step === 6);
    expect(first.slice(-3).map(({ type }) => type)).toEqual(["checkpoint", "rows", "stopped"]);
    expect(last(first)).toMatchObject({ type: "stopped", step: 6, reason: "SIGTERM" });
    expect(readdirSync(config.output)).not.toContain(".lock");
    const second = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
    const evaluations = (events: readonly TrainEvent[]) =>
      events.flatMap((event) => (event.type === "evaluation" ? [[event.step, event.metrics]] : []));
    expect([...evaluations(first), ...evaluations(second)]).toEqual(evaluations(all));
    expect(weightsOf(config.output)).toEqual(weightsOf(unbroken.config.output));
  });

  test("in the last evaluation leaves a run that --resume ends: it writes the model that was missing", async () => {
    const { config } = prepare();
    const first = await stoppedAt(config, (event) => event.type === "checkpoint" && event.step === 12);
    expect(last(first)).toMatchObject({ type: "stopped", step: 12 });
    expect(existsSync(join(config.output, "model"))).toBe(false);
    const second = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
    expect(second.map(({ type }) => type)).toEqual(["start", "data", "rows", "evaluation", "examples", "done"]);
    const loss = first.findLast((event) => event.type === "step");
    expect(last(second)).toMatchObject({ steps: 12, finalLoss: loss?.type === "step" ? loss.loss : Number.NaN });
    const weights = weightsOf(config.output);
    // So it does where the model was lost later; then it is done.
    rmSync(join(config.output, "model"), { recursive: true });
    await eventsOf(train(config, { resume: await resumePoint(config.output) }));
    expect(weightsOf(config.output)).toEqual(weights);
    await expect(async () => eventsOf(train(config, { resume: await resumePoint(config.output) }))).rejects.toThrow(
      /is done/,
    );
  });

  test("while the model is written at the end comes too late: the run is done, without examples of that model", async () => {
    const { config } = prepare({ maxSteps: 2, evalSteps: 0, saveSteps: 0, warmupSteps: 0 });
    const inputs = await inputsOf(config);
    const steps = trainingSteps(config, inputs.model, { engine: cpu() });
    const runner = await soloStepRunner({ ...steps, program: trainingCore });
    const controller = new AbortController();
    const saves = {
      saveCheckpoint: async () => "checkpoint",
      saveModel: async () => {
        controller.abort("SIGINT");
        return "model";
      },
    };
    const events = await eventsOf(trainingRun(config, { ...inputs, runner, saves, signal: controller.signal }));
    expect(events.slice(-2).map(({ type }) => type)).toEqual(["evaluation", "done"]);
    await runner.stop();
    await inputs.sampler.close();
  });

  test("while data are read leaves nothing", async () => {
    const { config } = prepare();
    const signal = AbortSignal.abort("SIGINT");
    await expect(eventsOf(train(config, { signal }))).rejects.toBe("SIGINT");
    expect(existsSync(config.output)).toBe(false);
  });
});

test("a failure of the data in mid-run is told after all that was done is saved", async () => {
  const { config } = prepare();
  const events: TrainEvent[] = [];
  const run = async () => {
    let batches = 0;
    const program: TrainOptions["program"] = ({ createSampler }) => ({
      sampler: (options) => {
        const sampler = createSampler(options);
        const next = () => (++batches > 4 ? Promise.reject(new RangeError("disk on fire")) : sampler.next());
        return { next, cursor: () => sampler.cursor(), close: () => sampler.close() };
      },
    });
    for await (const event of train(config, { program })) events.push(event);
  };
  await expect(run()).rejects.toThrow("disk on fire");
  expect(last(events)).toMatchObject({ type: "stopped", step: 4, reason: "disk on fire" });
  expect((await resumePoint(config.output)).state.step).toBe(4);
});

describe("one run", () => {
  test("at a time works in a folder", async () => {
    const { config } = prepare();
    const running = train(config);
    await running.next();
    await expect(eventsOf(train(config))).rejects.toThrow(/in use: by process/);
    await running.return();
    expect(readdirSync(config.output)).not.toContain(".lock");
  });

  test("cannot go on as another: with other sizes, another seed or other rows, be it one of those held out", async () => {
    const { config } = prepare({ stopAt: 4 });
    await eventsOf(train(config));
    const resume = await resumePoint(config.output);
    const goOn = (given: object) => eventsOf(train(trainConfig({ stopAt: 6, ...given }, { base: config }), { resume }));
    await expect(goOn({ hiddenSize: 32 })).rejects.toThrow(
      "train: hiddenSize (--hidden-size) cannot change when a run goes on. Got 32, the run began with 16.",
    );
    for (const given of [{ pooling: "cls" }, { seed: 9 }, { batchSize: 8 }, { holdOut: 0.5 }])
      await expect(goOn(given)).rejects.toThrow(ConfigError);
    const lines = readFileSync(config.data, "utf8").split("\n");
    for (const [i, line] of lines.entries()) {
      if (i % 29 !== 0) continue;
      writeFileSync(config.data, lines.with(i, line.replace(/[a-z]"\]/, 'z!"]')).join("\n"));
      await expect(goOn({})).rejects.toThrow("The rows of pairs.jsonl are not those that it began with.");
    }
    writeFileSync(config.data, lines.join("\n"));
    expect(last(await goOn({ learningRate: 1e-3 })).type).toBe("done");
  });
});
