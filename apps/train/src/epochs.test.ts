import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { resumePoint } from "@kindred/run-folder/node";
import { expectMutantToFail, toyPairs } from "@kindred/testing";
import { type TrainConfig, trainConfig, type TrainEvent } from "@kindred/trainer";
import { describe, expect, test } from "vitest";
import { eventsOf, last, losses, prepare, stoppedAfter } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

/** Data of so many unlike pairs, each with a score, beside the folder of a run. */
function scoredRun(count: number, given: { readonly [name: string]: unknown }): TrainConfig {
  const { config } = prepare({
    hiddenDropoutProb: 0,
    attentionProbsDropoutProb: 0,
    holdOut: 0,
    evalSteps: 0,
    ...given,
  });
  const data = join(config.output, "..", "scored.jsonl");
  const rows = Array.from({ length: count }, (_, i) => {
    const [anchor, positive] = toyPairs[i % toyPairs.length] ?? [];
    return { anchor: `${anchor} ${"the ".repeat(Math.floor(i / toyPairs.length))}`, positive, score: (i % 7) / 7 };
  });
  writeFileSync(data, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return { ...config, data, loss: "cosine-similarity", duplicates: "allow" };
}

const rowsOf = (events: readonly TrainEvent[]) => events.find((event) => event.type === "rows");

describe("epochs", () => {
  test.each([
    ["one", 1, {}, 6, { trained: 96, leftOut: { lessThanBatch: 4 } }],
    ["three, whose rests make batches together", 3, {}, 18, { trained: 288, leftOut: { lessThanBatch: 12 } }],
    ["half of one", 0.5, {}, 3, { trained: 48 }],
    ["one and a half", 1.5, {}, 9, { trained: 144 }],
    ["of steps of two batches", 1, { gradientAccumulationSteps: 2 }, 3, { trained: 96 }],
  ])("are as many steps as the sampler has full batches: %s", async (_, epochs, given, steps, rows) => {
    const config = { ...scoredRun(100, given), epochs, warmupSteps: 0.1 };
    const events = await eventsOf(train(config));
    expect(last(events)).toMatchObject({ type: "done", steps });
    const [start] = events;
    expect(start).toMatchObject({ lastStep: steps, config: { epochs, maxSteps: steps } });
    expect(rowsOf(events)).toMatchObject({ sources: [rows] });
    // The schedule ends with them.
    const lastRate = events.findLast((event) => event.type === "step")?.learningRate;
    expect(lastRate).toBeCloseTo(config.learningRate / Math.max(1, steps - Math.ceil(0.1 * steps)), 3);
  });

  test("a run that is stopped goes on to the same end, and further if there are more epochs", async () => {
    const config = { ...scoredRun(100, {}), epochs: 2, warmupSteps: 0.1 };
    const unbroken = await eventsOf(train({ ...config, output: `${config.output}-unbroken` }));
    const first = await stoppedAfter(7, config);
    const second = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
    expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
    const resume = await resumePoint(config.output);
    await expect(eventsOf(train({ ...config, maxSteps: 12 }, { resume }))).rejects.toThrow("is done: 12 of 12 steps");
    const third = await eventsOf(train({ ...config, epochs: 3 }, { resume }));
    expect(last(third)).toMatchObject({ type: "done", steps: 18 });
  });

  test("are refused where nobody knows their end, beside maxSteps, and where they are less than a step", async () => {
    const streamed = { ...scoredRun(100, { maxRowsInMemory: 50 }), epochs: 1 };
    await expect(eventsOf(train(streamed))).rejects.toThrow(
      "nobody knows how many steps an epoch of scored.jsonl has, as it is streamed",
    );
    expect(() => trainConfig({ epochs: 2, maxSteps: 9 })).toThrow(
      "epochs and maxSteps both say how long a run is. Got 2 and 9",
    );
    const few = { ...scoredRun(10, {}), epochs: 1 };
    await expect(eventsOf(train(few))).rejects.toThrow("less than a step. Got 0 full batches of 16");
    const late = { ...scoredRun(100, {}), epochs: 1, stopAt: 7 };
    await expect(eventsOf(train(late))).rejects.toThrow("stopAt lies behind maxSteps. Got 7 and 6");
    expect(trainConfig({ maxSteps: 9 }, { base: { epochs: 2, maxSteps: 50 } }).epochs).toBeUndefined();
    expect(trainConfig({ epochs: 2 }).warmupSteps).toBe(0.1);
  });
});

describe("gradient accumulation", () => {
  test("two batches in a step are one of both, for a loss over rows; for one over the batch they are not", async () => {
    const pair = (given: object) => [
      { ...scoredRun(100, { batchSize: 32, maxSteps: 6, ...given }), ...given },
      { ...scoredRun(100, { batchSize: 16, maxSteps: 6, gradientAccumulationSteps: 2, ...given }), ...given },
    ];
    const lossesOf = async (config: TrainConfig) => losses(await eventsOf(train(config)));
    // Float32 sums in another order: see train.test.ts, "on two cores …", for what 12 steps of them do.
    const law = async (given: object) => {
      const [one, two] = await Promise.all(pair(given).map(lossesOf));
      expect(two).toBeCloseToArray(one ?? [], { tolerance: 1e-5 });
    };
    await law({ cores: 2, maxBatchTokens: 40 });
    await expectMutantToFail(() => law({ loss: "cosent" }));
  }, 240_000);

  test("a run that is stopped between its steps goes on as if it had not been, and says that it adds no negatives", async () => {
    const given = { hiddenDropoutProb: 0.1, gradientAccumulationSteps: 3 };
    const unbroken = await eventsOf(train(prepare(given).config));
    const data = unbroken.find((event) => event.type === "data");
    expect(data?.warnings.join()).toContain("adds no negatives");
    const { config } = prepare(given);
    const first = await stoppedAfter(7, config);
    const second = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
    expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
    const resume = await resumePoint(config.output);
    await expect(
      eventsOf(train({ ...config, maxSteps: 20, gradientAccumulationSteps: 1 }, { resume })),
    ).rejects.toThrow("gradientAccumulationSteps (--gradient-accumulation-steps) cannot change");
  });
});
