import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { lossShare } from "@kindred/loss";
import { readRunConfig, resumePoint } from "@kindred/run-folder/node";
import { toFloat32 } from "@kindred/tensor-files";
import { openSafetensors } from "@kindred/tensor-files/node";
import { expectMutantToFail, readGoldenTensors, readJson, sharedExists, sharedPath, toyPairs } from "@kindred/testing";
import { cpu, type Float, valueAndGradients } from "@kindred/tensor";
import { familiesOf, loadProgram, trainConfig, type TrainEvent } from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, test } from "vitest";
import { toyRun } from "../../../packages/trainer/test-support/toy-run.ts";
import { batchGradients } from "./batch-gradients.ts";
import { train } from "./train.ts";

// The programs of docs/own-parts.md, as they stand there.

const guide = readFileSync(new URL("../../../docs/own-parts.md", import.meta.url), "utf8");
const programs = new Map(
  guide.split("\n## ").map((section) => {
    const title = section.slice(0, section.indexOf("\n"));
    return [title, section.split("```js\n")[1]?.split("```")[0] ?? ""] as const;
  }),
);

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A program of the guide in a file outside the repository, where no package can be found. */
function programOf(title: string, folder: string): URL {
  const file = join(folder, "program.mjs");
  writeFileSync(file, programs.get(title) ?? "");
  return pathToFileURL(file);
}

async function eventsOf(title: string, given: object = {}, rows: readonly object[] = toyPairs) {
  const { folder, options } = toyRun();
  folders.push(folder);
  const config = trainConfig({ ...options, evalSteps: 0, ...given });
  writeFileSync(config.data, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const events: TrainEvent[] = [];
  for await (const event of train(config, { program: programOf(title, folder) })) events.push(event);
  return { folder, events, losses: events.flatMap((event) => (event.type === "step" ? [event.loss] : [])) };
}

test.each(["A loss", "A sampler", "An optimizer", "A family of encoders", "A reader"])(
  "%s is a program of at most 20 lines",
  (title) => {
    const lines = (programs.get(title) ?? "").trim().split("\n");
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.length).toBeLessThanOrEqual(20);
  },
);

test("the loss trains on scored pairs, on two cores as on one", async () => {
  // Half of the answers are another row's, and scored so.
  const rows = toyPairs.map(([text, match], i) => ({
    texts: [text, i % 2 === 0 ? match : toyPairs[(i + 31) % toyPairs.length]?.[1]],
    score: i % 2 === 0 ? 1 : 0,
  }));
  const [one, two] = [await eventsOf("A loss", {}, rows), await eventsOf("A loss", { cores: 2 }, rows)];
  expect(two.losses).toBeCloseToArray(one.losses, { tolerance: 1e-4 }); // losses of about 5, float32 sums in another order
  expect(one.losses.at(-1)).toBeLessThan(0.8 * (one.losses[0] ?? 0));
});

test.skipIf(!sharedExists("golden", "losses", "cases.json"))(
  "the loss is sentence-transformers' CoSENTLoss, value and gradients",
  async () => {
    const { folder } = toyRun();
    folders.push(folder);
    const { loss } = await loadProgram(programOf("A loss", folder));
    const { cases } = readJson<{ cases: { [name: string]: { value: number } } }>(
      sharedPath("golden", "losses", "cases.json"),
    );
    const golden = readGoldenTensors(sharedPath("golden", "losses", "tensors.safetensors"));
    await cpu().start();
    const tensorOf = (name: string) => {
      const { values = new Float64Array(), shape = [] } = golden.get(name) ?? {};
      return tf.tensor<tf.Rank.R2>(Float32Array.from(values), shape as [number, number]);
    };
    const [anchor, positive] = [tensorOf("input.anchor"), tensorOf("input.positive")];
    const scores = Float32Array.from(golden.get("label.float")?.values ?? []);
    const check = (given: Float32Array) => {
      const { value, gradients } = valueAndGradients(
        () => (loss === undefined ? tf.scalar(Number.NaN) : lossShare(loss, [anchor, positive], { scores: given })),
        { anchor: anchor as Float, positive: positive as Float },
      );
      // Scores of up to 20 are float32: off by some 8 · 2^-24 · 20 = 1e-5, and gradients (20 · a cosine's slope) by as much of their size.
      expect(Math.abs((value.dataSync()[0] ?? 0) - (cases["cosent"]?.value ?? 0))).toBeLessThanOrEqual(1e-5);
      for (const [name, gradient] of Object.entries(gradients)) {
        const { values = new Float64Array() } = golden.get(`cosent.grad.${name}`) ?? {};
        expect(gradient?.dataSync()).toBeCloseToArray(values, { tolerance: 1e-5 });
      }
    };
    check(scores);
    expectMutantToFail(() => check(scores.toReversed()));
  },
);

test("the sampler gives the shortest rows first, and goes on from its cursor", async () => {
  const { losses, folder } = await eventsOf("A sampler", { saveSteps: 2, stopAt: 4, batchSize: 8 });
  expect(losses).toHaveLength(4);
  const { sampler } = await loadProgram(programOf("A sampler", folder));
  const rows = toyPairs.map((texts) => ({ texts, place: { file: "f" } }));
  const source = { name: "s", weight: 1, columns: 2, length: rows.length, row: (i: number) => rows[i]! };
  const made = (cursor?: unknown) => sampler?.({ sources: [source], batchSize: 8, key: [1, 2], cursor } as never);
  const drawn = await made()?.next();
  const lengths = drawn?.rows.map(({ row }) => row.texts.join(" ").length) ?? [];
  expect(lengths).toEqual(
    rows
      .map(({ texts }) => texts.join(" ").length)
      .sort((a, b) => a - b)
      .slice(0, 8),
  );
  const going = made();
  await going?.next();
  expect(await made(going?.cursor())?.next()).toEqual(await going?.next());
});

test("the optimizer moves every element by the rate, on two cores and in one thread as on one, and goes on from its momentum", async () => {
  const given = {
    learningRate: 1e-3,
    warmupSteps: 0,
    lrSchedulerType: "constant",
    stopAt: 3,
    saveSteps: 1,
    saveTotalLimit: 0,
  };
  const of = async (more: object) => (await eventsOf("An optimizer", { ...given, ...more })).losses;
  const [one, two] = [await of({}), await of({ cores: 2 })];
  expect(two).toBeCloseToArray(one, { tolerance: 1e-2 }); // where a gradient is nearly 0, its sign is that of a rounding
  const { folder } = await eventsOf("An optimizer", given);
  const weights = async (step: number) => {
    await using stored = await openSafetensors(join(folder, "run", `checkpoint-${step}`, "model.safetensors"));
    return toFloat32(await stored.read("encoder.layer.0.output.dense.weight"));
  };
  const [before, after] = [await weights(1), await weights(2)];
  // Each by 1e-3, off by the rounding of weights of up to 0.1; or not, where its gradient has always been 0.
  const distances = after.map((x, i) => Math.abs(x - (before[i] ?? 0))).filter((distance) => distance > 0);
  expect(distances.length).toBeGreaterThan(0.9 * after.length);
  expect(distances).toBeCloseToArray(new Float32Array(distances.length).fill(1e-3), { tolerance: 1e-7 });
  const config = trainConfig({ ...readRunConfig(join(folder, "run")), output: join(folder, "run"), stopAt: 4 });
  const steps: number[] = [];
  const resume = await resumePoint(config.output);
  for await (const event of train(config, { program: programOf("An optimizer", folder), resume }))
    if (event.type === "step") steps.push(event.loss);
  const unbroken = await of({ stopAt: 4 });
  expect(steps).toEqual(unbroken.slice(3));
});

test("the family trains from random, and goes on from what it saved", async () => {
  const { losses, folder } = await eventsOf("A family of encoders", { modelType: "bag", learningRate: 0.1 });
  expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] ?? 0));
  const config = trainConfig({
    data: join(folder, "pairs.jsonl"),
    model: join(folder, "run", "model"),
    output: join(folder, "again"),
    batchSize: 16,
    maxSteps: 1,
    cores: 2,
    evalSteps: 0,
  });
  const events: TrainEvent[] = [];
  for await (const event of train(config, { program: programOf("A family of encoders", folder) })) events.push(event);
  expect(events.some((event) => event.type === "step" && event.loss < 0.8 * (losses[0] ?? 0))).toBe(true);
  const families = familiesOf(await loadProgram(programOf("A family of encoders", folder)));
  const { loss, gradients } = await batchGradients({ model: config.model, data: config.data, families });
  expect(loss).toBeLessThan(losses[0] ?? 0);
  expect(gradients.size).toBeGreaterThan(0);
});

test("the reader writes a line a step", async () => {
  const { folder, losses } = await eventsOf("A reader", { stopAt: 3 });
  const lines = readFileSync(join(folder, "losses.csv"), "utf8").trim().split("\n");
  expect(lines.map((line) => Number(line.split(",")[1]))).toEqual(losses);
});
