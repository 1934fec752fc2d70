import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DivergenceError, FormatError } from "@kindred/errors";
import { resumePoint } from "@kindred/run-folder/node";
import { fromFloat32, readSafetensors, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { trainConfig } from "@kindred/trainer";
import { expect, test } from "vitest";
import { eventsOf, prepare } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

test("a checkpoint of which any byte has changed is named, and the one before it used; of damaged ones alone the newest is told", async () => {
  const { config } = prepare();
  const all = await eventsOf(train(config));
  const newest = join(config.output, "checkpoint-12");
  const files = readdirSync(newest, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(newest, name)).isFile(),
  );
  expect(files).toEqual(expect.arrayContaining(["model.safetensors", "optimizer.safetensors", "trainer_state.json"]));
  for (const name of files) {
    const file = join(newest, name);
    const whole = readFileSync(file);
    const broken = Buffer.from(whole);
    const at = Math.floor(whole.length / 2);
    broken[at] = (broken[at] ?? 0) ^ 1;
    writeFileSync(file, broken);
    const { state, damaged } = await resumePoint(config.output);
    expect([state.step, damaged.length]).toEqual([10, 1]);
    expect(damaged[0]).toContain("checkpoint-12");
    truncateSync(file, whole.length - 1);
    expect((await resumePoint(config.output)).state.step).toBe(10);
    writeFileSync(file, whole);
  }
  expect(await resumePoint(config.output)).toMatchObject({ state: { step: 12 }, damaged: [] });
  truncateSync(join(newest, "optimizer.safetensors"), 100);
  const again = await eventsOf(train({ ...config, stopAt: 11 }, { resume: await resumePoint(config.output) }));
  const lossAt = (events: typeof all, step: number) =>
    events.find((event) => event.type === "step" && event.step === step);
  const bare = (event: object | undefined) => ({ ...event, pairsPerSecond: 0, tokensPerSecond: 0, secondsLeft: 0 });
  expect(bare(lossAt(again, 11))).toEqual(bare(lossAt(all, 11)));
  for (const step of readdirSync(config.output).filter((name) => name.startsWith("checkpoint-")))
    truncateSync(join(config.output, step, "trainer_state.json"), 3);
  await expect(resumePoint(config.output)).rejects.toThrow(/checkpoint-12.*\.(json|safetensors): is damaged/);
});

test("a model with NaN in a tensor is refused by the tensor's name, before anything is written", async () => {
  const { config, folder } = prepare();
  await eventsOf(train({ ...config, stopAt: 1 }));
  const file = join(config.output, "model", "model.safetensors");
  const { tensors } = readSafetensors(readFileSync(file));
  const name = "encoder.layer.0.attention.attn.k.bias";
  const tensor = tensors.get(name);
  const values = tensor === undefined ? new Float32Array() : toFloat32(tensor);
  values[1] = Number.NaN;
  tensors.set(name, fromFloat32(values, [values.length]));
  writeFileSync(file, writeSafetensors(tensors));
  const { data, batchSize } = config;
  const tuned = trainConfig({
    data,
    batchSize,
    model: join(config.output, "model"),
    output: join(folder, "tuned"),
    cores: 1,
  });
  await expect(eventsOf(train(tuned))).rejects.toThrow(FormatError);
  await expect(eventsOf(train(tuned))).rejects.toThrow(`tensor ${name} is not made of numbers: 1 of its 16 are NaN`);
  expect(readdirSync(folder)).not.toContain("tuned");
});

test("what is no longer made of numbers is not saved", async () => {
  const { config } = prepare({ maxGradNorm: 0 });
  const step = 2;
  const run = eventsOf(
    train(config, {
      program: ({ adamw }) => ({
        optimizer: (given) => {
          const whole = adamw(given);
          return {
            ...whole,
            numbers: (at: number) => (at < step ? whole.numbers(at) : whole.numbers(at).map(() => Number.NaN)),
          };
        },
      }),
    }),
  );
  await expect(run).rejects.toThrow(DivergenceError);
  expect(readdirSync(config.output).filter((name) => name.startsWith("checkpoint"))).toEqual([]);
});
