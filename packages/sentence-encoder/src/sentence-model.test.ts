import { bert, camembert, roberta, xlmRoberta } from "@kindred/bert";
import { distilbert } from "@kindred/distilbert";
import type { EncoderFamily } from "@kindred/encoder";
import { FormatError, ShapeError } from "@kindred/errors";
import { filesInMemory, type ModelFiles, readModelFolder } from "@kindred/model-folder";
import { mpnet } from "@kindred/mpnet";
import { describe, expect, test } from "vitest";
import { toyDense } from "../../pooling/test-support/toy-dense.ts";
import { toyFiles, toyModel, type ToyChanges } from "../test-support/toy-model.ts";
import { families } from "./families.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";
import { openSentenceModel, savedModel } from "./sentence-model.ts";

const files = await toyFiles();
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const without = (path: string): ModelFiles =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
const open = async (from: ModelFiles) => openSentenceModel(await readModelFolder(filesInMemory(from)));

const { layer } = toyDense({ activation: "gelu", bias: false, residual: true });
test.each<[string, ToyChanges]>([
  ["as it is", {}],
  ...[bert, distilbert, roberta, xlmRoberta, camembert].map((family): [string, ToyChanges] => [
    `of ${family.modelTypes[0]}`,
    { family },
  ]),
  ["with limit and similarity", { maxSeqLength: 9, similarityFunction: "dot", after: [] }],
  [
    "with all that a folder may say",
    {
      pooling: { modes: ["mean", "cls"], includePrompt: false },
      after: [
        { kind: "Normalize" },
        { kind: "Dense", ...layer, inFeatures: 24 },
        { kind: "Dropout", rate: 0.25 },
        { kind: "Dense", ...layer, path: "4_Dense", inFeatures: 5, outFeatures: 5 },
        { kind: "Normalize" },
      ],
      doLowerCase: true,
      prompts: { query: "q: ", other: "" },
      defaultPromptName: "other",
      truncateDim: 3,
    },
  ],
])("a model %s round-trips through its files", async (_, changes) => {
  const { encoder, modules, settings, tokenizer } = toyModel(changes);
  const read = await open(await toyFiles(changes));
  expect(read.encoder.configJson()).toEqual(encoder.configJson());
  const places = modules.map((module, i) => (module.kind === "Dense" ? { ...module, path: `${i + 1}_Dense` } : module));
  expect([read.modules, read.settings]).toEqual([places, settings]);
  expect(read.tokenizer.encode("the cats sat").ids).toEqual(tokenizer.encode("the cats sat").ids);
});

test("a folder without modules.json has mean pooling and nothing after it", async () => {
  expect((await open(without("modules.json"))).modules).toEqual([{ kind: "Pooling", dimension: 12, modes: ["mean"] }]);
});

test("the limit never passes the positions that the model has, and may come from the tokenizer", async () => {
  const limits = async (bert: unknown, tokenizer: unknown, from = files) => {
    const changed = { "sentence_bert_config.json": json(bert), "tokenizer_config.json": json(tokenizer) };
    return (await open({ ...from, ...changed })).settings.maxSeqLength;
  };
  expect(await limits({ max_seq_length: 8 }, { model_max_length: 20 })).toBe(8);
  expect(await limits({ max_seq_length: 512 }, {})).toBe(32);
  expect(await limits({}, { model_max_length: 20 })).toBe(20);
  expect(await limits({}, { model_max_length: 1e30 })).toBe(32);
  expect(await limits({}, {})).toBe(32);
  expect(await limits({}, {}, await toyFiles({ family: bert }))).toBe(34);
});

test("a caller's family stands beside Kindred's, and its dropout may be told", async () => {
  const mine: EncoderFamily = {
    ...mpnet,
    modelTypes: ["mine"],
    open: (config, at) => ({ ...mpnet.open(config, at), description: "mine" }),
  };
  const changed = { ...files, "config.json": json({ ...toyModel().encoder.configJson(), model_type: "mine" }) };
  const folder = await readModelFolder(filesInMemory(changed));
  expect(openSentenceModel(folder, { families: [...families, mine] }).encoder.description).toBe("mine");
  expect(() => openSentenceModel(folder)).toThrow(
    'config.json: model_type is not supported. Got "mine", expected one of mpnet, bert, distilbert, roberta, xlm-roberta, camembert',
  );
  const { encoder } = openSentenceModel(await readModelFolder(filesInMemory(files)), { dropout: { hidden: 0.5 } });
  expect(encoder.configJson()).toMatchObject({ hidden_dropout_prob: 0.5, attention_probs_dropout_prob: 0.1 });
});

test("a model is not saved without one of its parameters", () => {
  const { weights, ...model } = toyModel();
  expect(() => savedModel(model, weights.slice(1))).toThrow(ShapeError);
  expect(() => savedModel(model, weights.slice(1))).toThrow(
    "savedModel: parameter embeddings.word_embeddings.weight is missing",
  );
});

describe("refuses, naming the file,", () => {
  const config = toyModel().encoder.configJson();
  test.each<[string, ModelFiles, RegExp]>([
    ["a missing config.json", without("config.json"), /config\.json: the file is missing/],
    ["a missing weights file", without("model.safetensors"), /model\.safetensors: the file is missing/],
    ["another kind of model", { ...files, "config.json": json({ model_type: "gpt2" }) }, /config\.json.*gpt2.*mpnet/],
    [
      "a setting of the family's",
      { ...files, "config.json": json({ ...config, hidden_act: "relu" }) },
      /config\.json: hidden_act/,
    ],
    [
      "a pooling of another width",
      { ...files, "1_Pooling/config.json": json({ word_embedding_dimension: 13 }) },
      /1_Pooling\/config\.json: Got a pooling over 13 dimensions, expected the model's hidden size 12/,
    ],
    [
      "weights of another size",
      { ...files, "config.json": json({ ...config, intermediate_size: 21 }) },
      /model\.safetensors: the tensor .* does not fit config\.json/,
    ],
    [
      "weights of another family, with those that are there",
      { ...files, "config.json": json({ ...config, model_type: "bert" }) },
      /21 of 37 parameters are missing, the first is embeddings\.token_type_embeddings\.weight\. Got embeddings\.\S+, .* and \d+ more\./,
    ],
  ])("%s", async (_, broken, message) => {
    await expect(sentenceEncoderFromFiles(broken)).rejects.toThrow(FormatError);
    await expect(sentenceEncoderFromFiles(broken)).rejects.toThrow(message);
  });
});
