import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sentenceEncoderFromFiles } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { cpu, engineFromModule } from "@kindred/tensor";
import { trainConfig, type TrainEvent } from "@kindred/trainer";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toyRun } from "../../../packages/trainer/test-support/toy-run.ts";
import { train } from "./train.ts";

// An engine that this file alone knows of: tfjs's JavaScript kernels under another backend's name, and sentences padded to one length.
// Worker threads find it by the address of its module.
const packageUrl = (name: string) => JSON.stringify(new URL(`../../../packages/${name}`, import.meta.url).href);
const source = `
  import { cpu, defineEngine, padded } from ${packageUrl("tensor/dist/index.js")};
  import * as tf from ${JSON.stringify(import.meta.resolve("@tensorflow/tfjs-core"))};

  async function load() {
    const parts = await cpu().load();
    if (tf.findBackend("mine") === null) {
      tf.registerBackend("mine", () => new (tf.findBackend("cpu").constructor)());
      tf.copyRegisteredKernels("cpu", "mine");
      await tf.setBackend("mine");
    }
    const layout = (lengths, numbers) => padded(lengths, Math.max(...lengths) + 1, { numbers });
    return { ...parts, description: "mine", backend: "mine", running: { layout } };
  }
  export default () => defineEngine({ name: "mine", load });
`;
const module = { url: `data:text/javascript,${encodeURIComponent(source)}` };
const mine = async () => ({ ...(await engineFromModule(module)), module });

const { folder, options } = toyRun();
const model = join(String(options["output"]), "model");
const texts = ["the red cat", "a", "", "an old house that is new"];
const events: TrainEvent[] = [];
beforeAll(async () => {
  const config = trainConfig({ ...options, cores: 2, stopAt: 4 });
  for await (const event of train(config, { engine: await mine() })) events.push(event);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("trains on two cores, with the losses of the engines that are known", async () => {
  expect(events[0]).toMatchObject({ type: "start", runtime: expect.stringMatching(/, mine$/) });
  const known: TrainEvent[] = [];
  const config = trainConfig({ ...options, output: join(folder, "known"), cores: 1, stopAt: 4, backend: "cpu" });
  for await (const event of train(config)) known.push(event);
  const losses = (all: readonly TrainEvent[]) => all.flatMap((event) => (event.type === "step" ? [event.loss] : []));
  expect(losses(events)).toHaveLength(4);
  expect(losses(events)).toBeCloseToArray(losses(known), { tolerance: 1e-5 }); // as on other numbers of cores, in train.test.ts
});

test("encodes in this thread and on workers, with the vectors of the engines that are known", async () => {
  await using known = await loadSentenceEncoder(model, { cores: 0, engine: cpu() });
  const { embeddings } = await known.encode(texts);
  const { tokenEmbeddings } = await known.encode(texts, { outputValue: "tokenEmbeddings" });
  for (const cores of [0, 2]) {
    await using encoder = await loadSentenceEncoder(model, { cores, engine: await mine() });
    expect((await encoder.encode(texts)).embeddings).toBeCloseToArray(embeddings, { tolerance: 1e-6 });
    const tokens = await encoder.encode(texts, { outputValue: "tokenEmbeddings" });
    for (const [i, states] of tokens.tokenEmbeddings.entries()) {
      expect(states).toBeCloseToArray(tokenEmbeddings[i] ?? [], { tolerance: 1e-5 });
    }
  }
});

test("encodes a model from its files", async () => {
  const names = ["modules.json", "config.json", "1_Pooling/config.json", "tokenizer.json", "model.safetensors"];
  const files = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(model, name)))]));
  await using encoder = await sentenceEncoderFromFiles(files, { engine: await mine() });
  await using known = await loadSentenceEncoder(model, { cores: 0, engine: cpu() });
  const expected = (await known.encode(texts)).embeddings;
  expect((await encoder.encode(texts)).embeddings).toBeCloseToArray(expected, { tolerance: 1e-6 });
});
