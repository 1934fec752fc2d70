import { getEventListeners } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, DivergenceError } from "@kindred/errors";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { readSafetensors } from "@kindred/tensor-files";
import { expectMutantToFail, toyPairs } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { readRunConfig, resumePoint } from "@kindred/run-folder/node";
import { trainConfig, type TrainEvent } from "@kindred/trainer";
import { toyRun } from "../../../packages/trainer/test-support/toy-run.ts";
import { train } from "./train.ts";
import { eventsOf, last, losses, prepare, stoppedAfter } from "../test-support/toy-training.ts";

describe("a run", () => {
  test("tells everything in order, learns, and leaves a folder that holds it all", async () => {
    const { config } = prepare();
    const events = await eventsOf(train(config));
    expect(events.map(({ type }) => type).filter((type) => type !== "step")).toEqual([
      "start",
      "data",
      "evaluation",
      "examples",
      "checkpoint",
      "evaluation",
      "checkpoint",
      "rows",
      "checkpoint",
      "evaluation",
      "examples",
      "done",
    ]);
    expect(losses(events)).toHaveLength(12);
    expect(losses(events).at(-1)!).toBeLessThan(losses(events)[0]!);
    const done = last(events);
    expect(done.type === "done" && done.metrics["pairs_mrr@10"]!.after).toBeGreaterThan(
      done.type === "done" ? done.metrics["pairs_mrr@10"]!.before : 1,
    );
    expect(readdirSync(config.output).sort()).toEqual([
      "checkpoint-10",
      "checkpoint-12",
      "events.jsonl",
      "model",
      "report.html",
      "run.json",
      "tensorboard",
    ]);
    const lines = readFileSync(join(config.output, "events.jsonl"), "utf8").trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(events)));
    expect(JSON.parse(readFileSync(join(config.output, "run.json"), "utf8")).config).toEqual(
      JSON.parse(JSON.stringify({ ...config, cores: 1 })),
    );
  });

  test("the same twice gives the same losses to the last bit, another seed others", async () => {
    const runs = await Promise.all(
      [prepare(), prepare(), prepare({ seed: 4 })].map(({ config }) => eventsOf(train(config))),
    );
    expect(losses(runs[1]!)).toEqual(losses(runs[0]!));
    expect(losses(runs[2]!)).not.toEqual(losses(runs[0]!));
  });

  test("on two cores, and in chunks by GradCache, it learns the same", async () => {
    // with dropout, which is drawn by the place in the batch, not by core or chunk
    const dropout = { hiddenDropoutProb: 0.1, attentionProbsDropoutProb: 0.1 };
    const given = [
      dropout,
      { ...dropout, cores: 2 },
      { ...dropout, maxBatchTokens: 30 },
      { ...dropout, cores: 2, maxBatchTokens: 30 },
    ];
    const [one, ...others] = await Promise.all(given.map((options) => eventsOf(train(prepare(options).config))));
    // Float32 sums in another order move gradients by 1e-6 of their size (cores-law.test.ts). AdamW passes that on: after 12 steps of
    // at most learningRate = 1e-2 a weight is off by 12 · 1e-2 · 1e-6 ≈ 1e-7. Such a step of all weights changes the loss by up to 1,
    // so 1e-7 in all changes it by 1e-5. (8e-7 is seen, with four seeds.)
    const expectSame = (other: readonly TrainEvent[]) =>
      expect(losses(other)).toBeCloseToArray(losses(one!), { tolerance: 1e-5 });
    for (const other of others) expectSame(other);
    const lessDropout = await eventsOf(train(prepare({ ...dropout, attentionProbsDropoutProb: 0 }).config));
    expectMutantToFail(() => expectSame(lessDropout));
  });
});

describe("stopping", () => {
  test("a signal has as many listeners after a run's last step as after its first", async () => {
    const { signal } = new AbortController();
    const counts: number[] = [];
    for await (const event of train(prepare({ loggingSteps: 1 }).config, { signal }))
      if (event.type === "step") counts.push(getEventListeners(signal, "abort").length);
    expect(counts.length).toBeGreaterThan(5);
    expect(counts.at(-2)).toBe(counts[0]);
    expect(counts.at(-1)).toBeLessThanOrEqual(counts[0] ?? 0); // no batch is waited for after it
  });

  test.each(["dense", "lazy"])(
    "a stopped run saves, and resumed it gives what an unbroken one gives, to the last bit: %s",
    async (embeddingUpdate) => {
      const dropout = { hiddenDropoutProb: 0.1, cores: 2, embeddingUpdate };
      const unbroken = await eventsOf(train(prepare(dropout).config));
      const { config } = prepare(dropout);
      const first = await stoppedAfter(7, config);
      expect(last(first)).toMatchObject({ type: "stopped", step: 7, reason: "enough" });
      expect(existsSync(join(config.output, "model"))).toBe(false);
      const second = await eventsOf(train(config, { resume: await resumePoint(config.output) }));
      expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
      const [one, other] = [last(second), last(unbroken)];
      expect(one.type === "done" && one.metrics).toEqual(other.type === "done" && other.metrics);
      const steps = readFileSync(join(config.output, "events.jsonl"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as TrainEvent);
      expect(losses(steps)).toEqual(losses(unbroken));
    },
  );

  test("resuming with other data is refused, naming the difference", async () => {
    const { config } = prepare({ stopAt: 5 });
    await eventsOf(train(config));
    writeFileSync(
      config.data,
      toyPairs
        .slice(1)
        .map((pair) => `${JSON.stringify(pair)}\n`)
        .join(""),
    );
    const resumed = eventsOf(train({ ...config, stopAt: 0 }, { resume: await resumePoint(config.output) }));
    await expect(resumed).rejects.toThrow(ConfigError);
    await expect(
      eventsOf(train({ ...config, stopAt: 0 }, { resume: await resumePoint(config.output) })),
    ).rejects.toThrow(/length of|rows of/);
  });

  test("a run that stopped at a step goes on to a later one", async () => {
    const unbroken = await eventsOf(train(prepare().config));
    const { config } = prepare({ stopAt: 4 });
    const first = await eventsOf(train(config));
    const second = await eventsOf(train({ ...config, stopAt: 0 }, { resume: await resumePoint(config.output) }));
    expect([...losses(first), ...losses(second)]).toEqual(losses(unbroken));
  });
});

describe("fine-tuning", () => {
  /** Options of a run that fine-tunes: those of the model itself are the folder's. */
  const { vocabulary, hiddenSize, numHiddenLayers, numAttentionHeads, intermediateSize, ...rest } = toyRun().options;

  test("a trained folder goes on from where it is, with its own limit of tokens", async () => {
    const { config, folder } = prepare();
    await eventsOf(train(config));
    const model = join(config.output, "model");
    const { maxSeqLength, ...others } = rest;
    const tuned = trainConfig({
      ...others,
      data: config.data,
      model,
      output: join(folder, "tuned"),
      maxSteps: 2,
      warmupSteps: 0,
    });
    const events = await eventsOf(train(tuned));
    const before = events.find((event) => event.type === "evaluation");
    expect(before?.type === "evaluation" && before.metrics["pairs_mrr@10"]).toBeGreaterThan(0.5);
    await using encoder = await loadSentenceEncoder(join(folder, "tuned", "model"), { cores: 0 });
    expect((await encoder.encode("the red cat")).embeddings).toHaveLength(16);
    expect(encoder.settings.maxSeqLength).toBe(maxSeqLength);
  });

  test.each([
    {
      modelType: "bert",
      json: { hidden_size: 16, type_vocab_size: 2, hidden_dropout_prob: 0 },
      query: "encoder.layer.0.attention.self.query.weight",
      description: "BERT, 1 layers of width 16, 2 heads, feed-forward 32",
    },
    {
      modelType: "distilbert",
      json: { dim: 16, n_layers: 1, dropout: 0, attention_dropout: 0 },
      query: "transformer.layer.0.attention.q_lin.weight",
      description: "DistilBERT, 1 layers of width 16, 2 heads, feed-forward 32",
    },
    {
      modelType: "xlm-roberta",
      json: { hidden_size: 16, max_position_embeddings: 514, layer_norm_eps: 1e-5, hidden_dropout_prob: 0 },
      query: "encoder.layer.0.attention.self.query.weight",
      description: "XLM-RoBERTa, 1 layers of width 16, 2 heads, feed-forward 32",
    },
  ])("a new $modelType is trained, saved, and tuned further under its own names", async (family) => {
    const { modelType, description } = family;
    const { config, folder } = prepare({ modelType });
    const names: [string, string][] = [
      ["<s>", "[CLS]"],
      ["</s>", "[SEP]"],
      ["<pad>", "[PAD]"],
      ["<unk>", "[unused0]"],
      ["<mask>", "[MASK]"],
    ];
    const words = readFileSync(config.vocabulary, "utf8");
    const ofBert = names.reduce((text, [from, to]) => text.replace(`${from}\n`, `${to}\n`), words);
    if (modelType !== "xlm-roberta") writeFileSync(config.vocabulary, ofBert);
    const first = await eventsOf(train({ ...config, hiddenDropoutProb: 0, attentionProbsDropoutProb: 0 }));
    const model = join(config.output, "model");
    expect(Math.min(...losses(first).slice(-3))).toBeLessThan(Math.min(...losses(first).slice(0, 3)));
    const saved = JSON.parse(readFileSync(join(model, "config.json"), "utf8")) as { [key: string]: unknown };
    expect(saved).toMatchObject({ model_type: modelType, ...family.json });
    const { tensors } = readSafetensors(readFileSync(join(model, "model.safetensors")));
    expect(tensors.get(family.query)?.shape).toEqual([16, 16]);
    expect(tensors.has("embeddings.token_type_embeddings.weight")).toBe(modelType !== "distilbert");
    const tuned = trainConfig({ ...rest, data: config.data, model, output: join(folder, "tuned"), maxSteps: 2 });
    const events = await eventsOf(train(tuned));
    const before = events.find((event) => event.type === "evaluation");
    expect(before?.type === "evaluation" && before.metrics["pairs_mrr@10"]).toBeGreaterThan(0.5);
    await using encoder = await loadSentenceEncoder(join(folder, "tuned", "model"), { cores: 0 });
    expect(encoder.model.encoder.description).toBe(description);
  });

  test("a family that there is not is refused by its option", async () => {
    const { config } = prepare({ modelType: "gpt2" });
    await expect(eventsOf(train(config))).rejects.toThrow(
      "train: no such family of models. Got modelType gpt2, expected one of mpnet, bert, distilbert, roberta, xlm-roberta, camembert, static-embedding.",
    );
    expect(existsSync(config.output)).toBe(false);
  });

  test("a run of it resumes from its own configuration", async () => {
    const { config, folder } = prepare();
    await eventsOf(train(config));
    const output = join(folder, "tuned");
    await eventsOf(
      train(trainConfig({ ...rest, data: config.data, model: join(config.output, "model"), output, stopAt: 4 })),
    );
    const resumed = trainConfig({ stopAt: 6 }, { base: readRunConfig(output) });
    expect(losses(await eventsOf(train(resumed, { resume: await resumePoint(output) })))).toHaveLength(2);
  });
});

test("a run whose numbers run away ends with an error that says so", async () => {
  const { config } = prepare({ learningRate: 1e30, warmupSteps: 0, maxGradNorm: 0 });
  await expect(eventsOf(train(config))).rejects.toThrow(DivergenceError);
});
