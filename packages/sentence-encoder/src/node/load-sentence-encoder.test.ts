import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import "@kindred/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { saveModelFolder } from "@kindred/model-folder/node";
import { loadSentenceEncoder } from "../../dist/node/index.js"; // workers run what is built
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import { toyFiles, toyModel, toySaved } from "../../test-support/toy-model.ts";
import { savedModel } from "../sentence-model.ts";
import { sentenceEncoderFromFiles } from "../sentence-encoder-from-files.ts";

const texts = ["the cat sat on the mat.", "a dog", "", "cats cats cats"];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kindred-encoder-"));
  await saveModelFolder(join(folder, "model"), toySaved());
});
afterAll(() => rm(folder, { recursive: true }));

test("a saved folder gives, on any number of workers, the vectors of the model in memory", async () => {
  await using inMemory = await sentenceEncoderFromFiles(await toyFiles());
  const expected = (await inMemory.encode(texts)).embeddings;
  for (const cores of [0, 1, 2]) {
    await using encoder = await loadSentenceEncoder(join(folder, "model"), { cores });
    const { embeddings } = await encoder.encode(texts, { maxBatchTokens: 16 });
    expect(embeddings).toBeCloseToArray(expected, { tolerance: 1e-6 }); // sums in another order, as in sentence-encoder.test.ts
    const options = { outputValue: "tokenEmbeddings", maxBatchTokens: 16 } as const;
    const { tokenEmbeddings } = await encoder.encode(texts, options);
    for (const [i, states] of (await inMemory.encode(texts, options)).tokenEmbeddings.entries())
      expect(tokenEmbeddings[i]).toBeCloseToArray(states, { tolerance: 1e-5 }); // ten times as large as a vector's numbers
  }
});

test("weights that are no numbers are told by name, once, however many threads load them", async () => {
  const weights = [...toyModel().weights].map(([name, tensor]) => {
    const values = toFloat32(tensor);
    if (name === "embeddings.LayerNorm.bias") values[0] = Number.NaN;
    return [name, fromFloat32(values, tensor.shape)] as const;
  });
  await saveModelFolder(join(folder, "nan"), savedModel(toyModel(), weights));
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  await using _ = await loadSentenceEncoder(join(folder, "nan"), { cores: 2, onWarning });
  expect(warnings).toEqual([expect.stringMatching(/embeddings\.LayerNorm\.bias holds 1 of 12 numbers that are NaN/)]);
  await rm(join(folder, "nan"), { recursive: true });
});

test("a short text does not wait for a long job, and a job that is given up makes room", async () => {
  await using encoder = await loadSentenceEncoder(join(folder, "model"), { cores: 1 });
  const many = Array.from({ length: 20_000 }, (_, i) => "the cat sat on the mat . a dog".slice(0, 10 + (i % 20)));
  const ended: string[] = [];
  const job = encoder.encode(many).then(() => ended.push("job"));
  await encoder.encode("the cat").then(() => ended.push("text"));
  await job;
  expect(ended).toEqual(["text", "job"]);

  const controller = new AbortController();
  const given = encoder.encode(many, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(given).rejects.toThrow("enough");
  expect((await encoder.encode("the cat")).embeddings.length).toBe(12);
});

test("an existing folder is kept unless it may be replaced, and nothing else is left behind", async () => {
  await expect(saveModelFolder(join(folder, "model"), toySaved())).rejects.toThrow(/model/);
  await saveModelFolder(join(folder, "model"), toySaved(), { replace: true, readme: "# A model\n" });
  expect(await readdir(folder)).toEqual(["model"]);
  expect((await readdir(join(folder, "model"))).sort()).toEqual(
    [
      "1_Pooling",
      "README.md",
      "config.json",
      "config_sentence_transformers.json",
      "model.safetensors",
      "modules.json",
      "sentence_bert_config.json",
      "special_tokens_map.json",
      "tokenizer.json",
      "tokenizer_config.json",
      "vocab.txt",
    ].sort(),
  );
});

test("a folder that is not there, and a file in its place, are refused by name", async () => {
  await expect(loadSentenceEncoder(join(folder, "nowhere"))).rejects.toThrow(FormatError);
  await expect(loadSentenceEncoder(join(folder, "nowhere"))).rejects.toThrow(/nowhere: no such folder/);
  await writeFile(join(folder, "file"), "x");
  await expect(loadSentenceEncoder(join(folder, "file"))).rejects.toThrow(/file: not a folder/);
  await rm(join(folder, "file"));
});
