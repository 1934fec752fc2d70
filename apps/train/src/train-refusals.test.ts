import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "@kindred/errors";
import { sharedExists, sharedPath, toyPairs } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { readRunConfig, resumePoint } from "@kindred/run-folder/node";
import { train } from "./train.ts";
import { eventsOf, type Given, last, prepare } from "../test-support/toy-training.ts";

describe("resuming, refuses", () => {
  const stopped = async () => {
    const { config } = prepare({ stopAt: 4 });
    await eventsOf(train(config));
    return {
      config,
      go: async () => eventsOf(train({ ...config, stopAt: 6 }, { resume: await resumePoint(config.output) })),
    };
  };

  test("a run that is done, and changes nothing in its folder", async () => {
    const { config } = await stopped();
    const events = readFileSync(join(config.output, "events.jsonl"), "utf8");
    await expect(eventsOf(train(config, { resume: await resumePoint(config.output) }))).rejects.toThrow(
      /is done: 4 of 4 steps/,
    );
    expect(readFileSync(join(config.output, "events.jsonl"), "utf8")).toBe(events);
  });

  test("events that it did not write, by file and line; the beginning of a last line is dropped", async () => {
    const { config, go } = await stopped();
    const file = join(config.output, "events.jsonl");
    const events = readFileSync(file, "utf8");
    writeFileSync(file, `{"type":"start"}\nnonsense\n${events}`);
    await expect(go()).rejects.toThrow(/events\.jsonl:2: not an event of a run/);
    writeFileSync(file, `${events}{"type":"st`);
    expect(last(await go()).type).toBe("done");
  });

  test("a state that is none, by file", async () => {
    const { config, go } = await stopped();
    writeFileSync(join(config.output, "checkpoint-4", "trainer_state.json"), '{"step": 4}');
    await expect(go()).rejects.toThrow(/trainer_state\.json: is damaged/);
  });

  test("nothing else: what is changed is kept with the run", async () => {
    const { config } = await stopped();
    await eventsOf(train({ ...config, stopAt: 6, learningRate: 0.5 }, { resume: await resumePoint(config.output) }));
    expect(readRunConfig(config.output)).toMatchObject({ stopAt: 6, learningRate: 0.5 });
    expect(readFileSync(join(config.output, "report.html"), "utf8")).toContain("&#34;learningRate&#34;: 0.5");
  });
});

describe("refuses, before anything is written,", () => {
  test("a broken line, naming file and line", async () => {
    const { config } = prepare();
    const lines = toyPairs.map((pair) => JSON.stringify(pair));
    lines[6] = '["the red cat", "a';
    writeFileSync(config.data, lines.join("\n"));
    await expect(eventsOf(train(config))).rejects.toThrow(DataError);
    await expect(eventsOf(train(config))).rejects.toThrow(/pairs\.jsonl:7: /);
    expect(existsSync(config.output)).toBe(false);
    const events = await eventsOf(train({ ...config, onBadLine: "skip", stopAt: 1 }));
    expect(events[1]).toMatchObject({ type: "data", sources: [{ leftOut: { badLines: 1 } }] });
  });

  test.each<[string, Given, RegExp]>([
    ["no data", { data: "" }, /nothing to train on/],
    ["data that is not there", { data: "nowhere.jsonl" }, /nowhere\.jsonl/],
    [
      "a model that is not there",
      {
        model: "nowhere",
        vocabulary: undefined,
        hiddenSize: undefined,
        numHiddenLayers: undefined,
        numAttentionHeads: undefined,
        intermediateSize: undefined,
      },
      /nowhere: no such folder/,
    ],
    [
      "devices that do not divide the batch",
      { backend: "xla", devices: 3, cores: undefined },
      /no multiple of the devices.*Got 16 and 3/,
    ],
    ["fewer pairs than cores", { batchSize: 2, cores: 3 }, /fewer pairs than cores/],
    ["a batch larger than the data", { batchSize: 4096 }, /pairs\.jsonl|batch/],
  ])("%s", async (_, given, message) => {
    await expect(async () => eventsOf(train(prepare(given).config))).rejects.toThrow(message);
  });

  test("a plugin and a folder of compiled programs where nothing is compiled", async () => {
    const { config } = prepare();
    await expect(eventsOf(train(config, { plugin: "plugin.so" }))).rejects.toThrow(
      "train: plugin (--plugin) says something to XLA alone. Got backend (--backend) wasm. Leave it out, or choose backend (--backend) xla.",
    );
    await expect(eventsOf(train(config, { compileCache: "programs" }))).rejects.toThrow(/compileCache .* XLA alone/);
  });

  test("rows with scores or labels, which its loss would not look at", async () => {
    const { config } = prepare();
    const marked = (mark: object) =>
      writeFileSync(config.data, toyPairs.map((texts) => `${JSON.stringify({ texts, ...mark })}\n`).join(""));
    marked({ label: 0 });
    await expect(eventsOf(train(config))).rejects.toThrow(DataError);
    await expect(eventsOf(train(config))).rejects.toThrow(
      /pairs\.jsonl: train: the loss contrastive does not look at labels, and would train a pair labelled 0 as a match\. Got rows of 2 texts with label 0/,
    );
    marked({ score: 0.5 });
    await expect(eventsOf(train(config))).rejects.toThrow(
      /does not look at scores, .* Take the column out of the file, or /,
    );
    expect(existsSync(config.output)).toBe(false);
  });

  test.skipIf(!sharedExists("cases", "train", "labels.csv"))(
    "a file of cases/train with labels, and one with scores",
    async () => {
      for (const file of ["labels.csv", "sts.csv"]) {
        const { config } = prepare({ data: sharedPath("cases", "train", file) });
        await expect(eventsOf(train(config))).rejects.toThrow(/the loss contrastive does not look at (labels|scores)/);
      }
    },
  );

  test("an output folder that holds something, and one inside a file", async () => {
    const { config, folder } = prepare();
    await expect(eventsOf(train({ ...config, output: folder }))).rejects.toThrow(/not empty/);
    await expect(eventsOf(train({ ...config, output: join(config.data, "run") }))).rejects.toThrow(
      /pairs\.jsonl is a file/,
    );
  });
});
