import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseFlags } from "@kindred/command-line/node";
import { flagName } from "@kindred/options";
import { expectMutantToFail, sharedExists, sharedPath } from "@kindred/testing";
import { learningRateSchedule, trainConfig } from "@kindred/trainer";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "./main.ts";
import { originalForm, originalPreset } from "./original-form.ts";
import { originalFlag, trainFlags } from "./train-flags.ts";

const words = (line: string) => line.split(" ").filter((word) => word !== "");
const theirs =
  "data_config.json output --model microsoft/mpnet-base --steps 1000000 --batch_size 128 --max_length 128 --nprocs 8 --datasets_per_batch 2 --scale 20 --data_folder data";

/** The configuration of a command line in our words. */
function configOf(line: readonly string[]) {
  const { given, positionals } = parseFlags(trainFlags, line.slice(1));
  const [data, output] = positionals;
  const { preset, ...options } = given;
  return trainConfig({ ...options, data, output }, { preset: String(preset) });
}

function configOfForm(line: readonly string[]) {
  const form = originalForm(line);
  const [data, output] = form?.positionals ?? [];
  return trainConfig({ ...form?.given, data, output }, { preset: originalPreset });
}

test("the original's command line is the preset, with what it says of data and steps", () => {
  const recipe = trainConfig({}, { preset: originalPreset });
  const said = { data: "data_config.json", output: "output", dataFolder: "data", stopAt: 0 };
  expect(configOfForm(words(theirs))).toEqual({ ...recipe, ...said });
  expect(originalForm(words(theirs))?.command).toBe(
    "kindred-train data_config.json output --preset reddit-mpnet-base --data-folder data --stop-at 0",
  );
});

test("what is not said is as the script had it: its own defaults, a batch for each core", () => {
  expect(configOfForm(["--steps=3000", "c.json", "out"])).toMatchObject({
    model: "nreimers/MiniLM-L6-H384-uncased",
    batchSize: 64 * 8,
    cores: 8,
    roundSteps: 4,
    runsPerRound: 2,
    maxSteps: 3000,
    warmupSteps: 500,
    dataFolder: "/data",
    pooling: "mean",
    normalize: true,
    similarity: "cosine",
  });
});

test("its later flags: lengths by column, pooling, no normalisation, warm-up", () => {
  const line =
    "c.json out --steps 90 --max_length_a 32 --max_length_b 64 --pooling cls --no_normalize --scale 1 --warmup_steps 9";
  expect(configOfForm(words(line))).toMatchObject({
    maxSeqLength: 64,
    columnSeqLengths: "32,64",
    pooling: "cls",
    normalize: false,
    similarity: "dot",
    scale: 1,
    warmupSteps: 9,
  });
});

test("a run that ends within its warm-up has the original's rates", () => {
  const config = configOfForm(words("c.json out --steps 100"));
  expect(config).toMatchObject({ maxSteps: 500, stopAt: 100 });
  const rate = learningRateSchedule(config);
  for (let step = 0; step < 100; step++) expect(rate(step)).toBeCloseTo((2e-5 * step) / 500, 15);
});

test("a command line of ours is none of the original's", () => {
  for (const line of ["pairs.jsonl", "c.json out --batch_size 64 --model m", "pairs.jsonl -- --steps"])
    expect(originalForm(words(line))).toBe(undefined);
});

test("the form is asked for wherever a flag is one of the original's alone, in every spelling", () => {
  const all = ["steps", "nprocs", "datasets_per_batch", "max_length", "max_length_a", "max_length_b"];
  const camel = (name: string) => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const spelt = all.flatMap((name) => [name, name.replaceAll("_", "-"), camel(name)]).map((name) => `--${name}`);
  for (const flag of [...spelt, ...spelt.map((name) => `${name}=4`)]) expect(originalFlag.test(flag), flag).toBe(true);
  const ours = Object.keys(trainFlags).flatMap((name) => [`--${name}`, flagName(name), `--no-${name}`]);
  expect(ours.filter((flag) => originalFlag.test(flag))).toEqual([]);
});

const anyForm = fc.record(
  {
    model: fc.constantFrom("microsoft/mpnet-base", "a folder", "it's"),
    steps: fc.integer({ min: 1, max: 2_000_000 }),
    save_steps: fc.integer({ min: 1, max: 99_999 }),
    batch_size: fc.integer({ min: 1, max: 64 }).map((half) => 2 * half),
    max_length_a: fc.integer({ min: 3, max: 512 }),
    max_length: fc.integer({ min: 3, max: 512 }),
    nprocs: fc.integer({ min: 2, max: 16 }),
    scale: fc.integer({ min: 1, max: 100 }),
    data_folder: fc.constantFrom("/data", "my data", "."),
    pooling: fc.constantFrom("mean", "cls"),
    warmup_steps: fc.integer({ min: 0, max: 3000 }),
    seed: fc.integer({ min: 0, max: 9 }),
  },
  { requiredKeys: ["steps"] },
);

/** Splits a line as a shell does, where words are bare or in single quotes. */
function shellWords(line: string): string[] {
  const pieces = line.match(/(?:[^\s'\\]+|'[^']*'|\\')+/g) ?? [];
  return pieces.map((piece) => piece.replace(/'([^']*)'|\\(')/g, (_, inner = "", escaped = "") => inner + escaped));
}

test("the command of ours that is printed gives the same configuration, for any flags, in snake or kebab case", () => {
  fc.assert(
    fc.property(anyForm, fc.boolean(), fc.boolean(), (flags, kebab, bare) => {
      const line = ["c.json", "out dir"];
      for (const [name, value] of Object.entries(flags))
        line.push(`--${kebab ? name.replaceAll("_", "-") : name}`, String(value));
      if (bare) line.push("--no_normalize");
      const form = originalForm(line);
      expect(configOf(shellWords(form?.command ?? ""))).toEqual(configOfForm(line));
    }),
  );
});

test.each([
  ["pairs.jsonl out --steps 5", /takes a data_config\.json and an output\. Got pairs\.jsonl out\..*--max-steps/],
  ["c.json --steps 5", /Got c\.json\./],
  ["c.json out --steps 5 --preset quickstart", /--preset brings a recipe, and so does the original form/],
  ["c.json out --steps 5 --max-steps 6", /--max-steps 6 contradicts the original form, in which it is 500 \(--steps/],
  ["c.json out --nprocs 4 --cores 2", /--cores 2 contradicts the original form, in which it is 4/],
  ["c.json out --nprocs 4 --learning-rate 1", /--learning-rate 1 contradicts .*, in which it is 0\.00002/],
  ["c.json out --steps 5 --stop-at 3", /--stop-at 3 contradicts/],
  ["c.json out --nprocs 8 --datasets_per_batch 3", /Got 3 and 64 pairs on each of 8 cores, expected a divisor of 512/],
  ["c.json out --nprocs 2 --datasets_per_batch 4", /at most 2/],
  ["c.json out --steps 5 --no_data_streaming", /--no_data_streaming came to the original script after/],
  ["c.json out --steps 5 --stepps 6", /unknown option --stepps\. Did you mean --steps\?/],
  ["c.json out --steps 0", /bad value for --steps/],
])("refuses %s", (line, message) => {
  expect(() => originalForm(words(line))).toThrow(message);
});

test("what agrees may stand beside, and so may what changes no step", () => {
  const line = "c.json out --steps 900 --stop-at 600 --max-steps 900 --seed 3 --save-total-limit 1";
  expect(configOfForm(words(line))).toMatchObject({ stopAt: 600, seed: 3, saveTotalLimit: 1 });
});

const hasShared =
  sharedExists("data", "self-dialogue", "data_config.json") && sharedExists("golden", "mpnet-tiny", "model");

describe.skipIf(!hasShared)("on real conversations", () => {
  const folder = mkdtempSync(join(tmpdir(), "kindred-original-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("both forms train alike from one data_config.json, which lies elsewhere than its files", async () => {
    const files = sharedPath("data", "self-dialogue");
    const config = join(folder, "data_config.json");
    writeFileSync(config, readFileSync(join(files, "data_config.json"), "utf8"));
    const model = sharedPath("golden", "mpnet-tiny", "model");
    const theirs = `--model ${model} --steps 20 --batch_size 8 --max_length 32 --nprocs 2 --data_folder ${files} --warmup_steps 2`;
    const ours = (learningRate: string) =>
      `--preset reddit-mpnet-base --model ${model} --max-steps 20 --stop-at 3 --batch-size 16 --max-seq-length 32 --cores 2 --data-folder ${files} --warmup-steps 2 --round-steps 1 --save-steps 10000 --pooling mean --learning-rate ${learningRate}`;
    const losses = async (name: string, flags: string) => {
      const output = join(folder, name);
      expect(await main([config, output, ...words(flags), "--quiet", "--logging-steps", "1"])).toBe(0);
      const events = readFileSync(join(output, "events.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line));
      return events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    };
    const expected = await losses("theirs", `${theirs} --stop-at 3`);
    expect(expected).toHaveLength(3);
    expect(await losses("ours", ours("2e-5"))).toEqual(expected);
    const other = await losses("mutant", ours("1e-2"));
    expectMutantToFail(() => expect(other).toEqual(expected));
  }, 300_000);
});
