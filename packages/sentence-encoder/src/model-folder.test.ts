import { FormatError } from "@kindred/errors";
import { filesInMemory, type ModelFiles, readModelFolder } from "@kindred/model-folder";
import { describe, expect, test } from "vitest";
import { toyDense } from "../test-support/toy-dense.ts";
import { filesOf, toyModel } from "../test-support/toy-model.ts";
import { type ModelSettings, modelSettings } from "./model-settings.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

const files = await filesOf(toyModel());
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const read = (given: ModelFiles) => readModelFolder(filesInMemory(given));
const settingsOf = async (given: ModelFiles) => modelSettings(await read(given));
const without = (path: string): ModelFiles =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));

test("settings and tokenizer round-trip through the files", async () => {
  const { settings, tokenizer } = toyModel({ maxSeqLength: 9, similarityFunction: "dot", normalize: false });
  const saved = await filesOf({ settings, tokenizer, weights: toyModel().weights });
  expect(await settingsOf(saved)).toEqual(settings);
  expect((await read(saved)).tokenizer.encode("the cats sat").ids).toEqual(tokenizer.encode("the cats sat").ids);
});

test("all that a folder may say round-trips", async () => {
  const { layer, weights } = toyDense({ activation: "gelu", bias: false, residual: true });
  const second = { ...layer, path: "3_Dense", inFeatures: 5, outFeatures: 5 };
  const settings: ModelSettings = {
    ...toyModel().settings,
    pooling: { dimension: 12, modes: ["mean", "cls"], includePrompt: false },
    dense: [{ ...layer, inFeatures: 24 }, second],
    doLowerCase: true,
    prompts: { query: "q: ", other: "" },
    defaultPromptName: "other",
    truncateDim: 3,
  };
  const saved = await filesOf({ ...toyModel(), settings, weights: [...toyModel().weights, ...weights] });
  expect(await settingsOf(saved)).toEqual(settings);
});

test("old and new module names, and a folder without modules.json, are read alike", async () => {
  const newNames = [
    { idx: 0, name: "0", path: "", type: "sentence_transformers.base.modules.transformer.Transformer" },
    {
      idx: 1,
      name: "1",
      path: "1_Pooling",
      type: "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    },
    { idx: 2, name: "2", path: "2_Normalize", type: "sentence_transformers.base.modules.normalize.Normalize" },
  ];
  const newPooling = { embedding_dimension: 12, pooling_mode: "mean", include_prompt: true };
  const changed = { ...files, "modules.json": json(newNames), "1_Pooling/config.json": json(newPooling) };
  expect(await settingsOf(changed)).toEqual({
    ...(await settingsOf(files)),
    pooling: { ...(await settingsOf(files)).pooling, ...(await settingsOf(changed)).pooling },
  });
  expect(await settingsOf(without("modules.json"))).toMatchObject({ normalize: false, pooling: { modes: ["mean"] } });
});

test("max_seq_length never passes the positions that the model has, and may come from the tokenizer", async () => {
  const limit = async (bert: unknown, tokenizer: unknown) => {
    const changes = { "sentence_bert_config.json": json(bert), "tokenizer_config.json": json(tokenizer) };
    return (await settingsOf({ ...files, ...changes })).maxSeqLength;
  };
  expect(await limit({ max_seq_length: 8 }, { model_max_length: 20 })).toBe(8);
  expect(await limit({ max_seq_length: 512 }, {})).toBe(32);
  expect(await limit({}, { model_max_length: 20 })).toBe(20);
  expect(await limit({}, { model_max_length: 1e30 })).toBe(32);
  expect(await limit({}, {})).toBe(32);
});

describe("refuses, naming the file,", async () => {
  const listed = JSON.parse(new TextDecoder().decode(files["modules.json"])) as object[];
  const after = (kind: string) => [
    ...listed,
    { idx: 3, name: "3", path: `3_${kind}`, type: `sentence_transformers.models.${kind}` },
  ];
  const other = { ...(JSON.parse(new TextDecoder().decode(files["config.json"])) as object), model_type: "bert" };
  test.each<[string, ModelFiles, RegExp]>([
    ["a missing config.json", without("config.json"), /config\.json: the file is missing/],
    ["a missing weights file", without("model.safetensors"), /model\.safetensors: the file is missing/],
    ["another kind of model", { ...files, "config.json": json(other) }, /config\.json.*bert.*mpnet/],
    [
      "Normalize before Dense",
      {
        ...files,
        "modules.json": json(after("Dense")),
        "3_Dense/config.json": json({ in_features: 12, out_features: 2 }),
      },
      /Normalize stands before Dense/,
    ],
    [
      "weights of another size",
      await filesOf({
        ...toyModel(),
        weights: toyModel().weights,
        settings: { ...toyModel().settings, config: { ...toyModel().settings.config, intermediateSize: 21 } },
      }),
      /model\.safetensors: the weight .* does not fit config\.json/,
    ],
    [
      "a weight that is missing",
      await filesOf({ ...toyModel(), weights: [...toyModel().weights].slice(1) }),
      /1 of \d+ weights are missing/,
    ],
  ])("%s", async (_, broken, message) => {
    await expect(sentenceEncoderFromFiles(broken)).rejects.toThrow(FormatError);
    await expect(sentenceEncoderFromFiles(broken)).rejects.toThrow(message);
  });
});
