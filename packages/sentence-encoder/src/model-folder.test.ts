import { FormatError } from "@kindred/errors";
import { describe, expect, test } from "vitest";
import { toyDense } from "../test-support/toy-dense.ts";
import { toyModel } from "../test-support/toy-model.ts";
import type { ModelFiles } from "./model-files.ts";
import { type ModelSettings, modelSettings } from "./model-settings.ts";
import { modelTokenizer } from "./model-tokenizer.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";
import { sentenceModelFiles } from "./sentence-model-files.ts";

const files = sentenceModelFiles(toyModel());
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const without = (path: string): ModelFiles =>
  Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));

test("settings and tokenizer round-trip through the files", () => {
  const { settings, tokenizer } = toyModel({ maxSeqLength: 9, similarityFunction: "dot", normalize: false });
  const saved = sentenceModelFiles({ settings, tokenizer, weights: toyModel().weights });
  expect(modelSettings(saved)).toEqual(settings);
  expect(modelTokenizer(saved).encode("the cats sat").ids).toEqual(tokenizer.encode("the cats sat").ids);
});

test("all that a folder may say round-trips", () => {
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
  const saved = sentenceModelFiles({ ...toyModel(), settings, weights: [...toyModel().weights, ...weights] });
  expect(modelSettings(saved)).toEqual(settings);
});

test("a vocab.txt alone is a tokenizer too", () => {
  expect([...modelTokenizer(without("tokenizer.json")).encode("the cat").ids]).toEqual([
    ...modelTokenizer(files).encode("the cat").ids,
  ]);
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
  expect(modelSettings(changed)).toEqual({
    ...modelSettings(files),
    pooling: { ...modelSettings(files).pooling, ...modelSettings(changed).pooling },
  });
  expect(modelSettings(without("modules.json"))).toMatchObject({ normalize: false, pooling: { modes: ["mean"] } });
});

test("max_seq_length never passes the positions that the model has, and may come from the tokenizer", () => {
  const limits = (bert: unknown, tokenizer: unknown) =>
    modelSettings({ ...files, "sentence_bert_config.json": json(bert), "tokenizer_config.json": json(tokenizer) })
      .maxSeqLength;
  expect(limits({ max_seq_length: 8 }, { model_max_length: 20 })).toBe(8);
  expect(limits({ max_seq_length: 512 }, {})).toBe(32);
  expect(limits({}, { model_max_length: 20 })).toBe(20);
  expect(limits({}, { model_max_length: 1e30 })).toBe(32);
  expect(limits({}, {})).toBe(32);
});

describe("letter case, accents and Chinese characters", () => {
  // What transformers 5.24 makes of such folders, in pieces: the class MPNetTokenizer goes by tokenizer_config.json.
  const cased = (JSON.parse(new TextDecoder().decode(files["tokenizer.json"])) as { normalizer: object }) ?? {};
  const notLowered = json({ ...cased, normalizer: { ...cased.normalizer, lowercase: false } });
  const pieces = (changes: ModelFiles) => {
    const tokenizer = modelTokenizer({ ...files, ...changes });
    return [...tokenizer.encode("The cat").ids].map((id) => tokenizer.tokenOf(id));
  };
  const lowered = ["<s>", "the", "cat", "</s>"];
  const kept = ["<s>", "[UNK]", "cat", "</s>"];
  test.each<[string, ModelFiles, string[]]>([
    ["as written", {}, lowered],
    ["tokenizer.json alone says cased", { "tokenizer.json": notLowered }, lowered],
    ["tokenizer_config.json says cased", { "tokenizer_config.json": json({ do_lower_case: false }) }, kept],
    [
      "the folder lower-cases all the same",
      {
        "tokenizer_config.json": json({ do_lower_case: false }),
        "sentence_bert_config.json": json({ max_seq_length: 9, do_lower_case: true }),
      },
      lowered,
    ],
    [
      "another class goes by tokenizer.json",
      { "tokenizer.json": notLowered, "tokenizer_config.json": json({ tokenizer_class: "PreTrainedTokenizerFast" }) },
      kept,
    ],
  ])("%s", (_, changes, expected) => {
    expect(pieces(changes)).toEqual(expected);
  });
});

describe("refuses, naming the file,", () => {
  const listed = JSON.parse(new TextDecoder().decode(files["modules.json"])) as object[];
  const after = (kind: string) => [
    ...listed,
    { idx: 3, name: "3", path: `3_${kind}`, type: `sentence_transformers.models.${kind}` },
  ];
  const outside = [
    { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
    { idx: 1, name: "1", path: "../x", type: "sentence_transformers.models.Pooling" },
  ];
  const other = { ...(JSON.parse(new TextDecoder().decode(files["config.json"])) as object), model_type: "bert" };
  test.each<[string, ModelFiles, RegExp]>([
    ["a missing config.json", without("config.json"), /config\.json: the file is missing/],
    ["a missing weights file", without("model.safetensors"), /model\.safetensors: the file is missing/],
    [
      "a missing tokenizer",
      Object.fromEntries(Object.entries(without("tokenizer.json")).filter(([name]) => name !== "vocab.txt")),
      /tokenizer\.json: the file is missing/,
    ],
    ["another kind of model", { ...files, "config.json": json(other) }, /config\.json.*bert.*mpnet/],
    [
      "a module that it would have to skip",
      { ...files, "modules.json": json(after("Dropout")) },
      /modules\.json: module type sentence_transformers\.models\.Dropout is not supported/,
    ],
    [
      "another order of modules",
      { ...files, "modules.json": json(after("Dense")) },
      /modules\.json: Got modules Transformer → Pooling → Normalize → Dense/,
    ],
    ["a module outside the folder", { ...files, "modules.json": json(outside) }, /expected a folder within/],
    [
      "an unknown similarity",
      { ...files, "config_sentence_transformers.json": json({ similarity_fn_name: "hamming" }) },
      /hamming/,
    ],
    [
      "a model of another family",
      { ...files, "config_sentence_transformers.json": json({ model_type: "SparseEncoder" }) },
      /SparseEncoder/,
    ],
    [
      "a default prompt that is not there",
      { ...files, "config_sentence_transformers.json": json({ default_prompt_name: "x" }) },
      /default_prompt_name "x"/,
    ],
    [
      "prompts that are no texts",
      { ...files, "config_sentence_transformers.json": json({ prompts: { query: 1 } }) },
      /expected texts by name/,
    ],
    [
      "a dimension of zero",
      { ...files, "config_sentence_transformers.json": json({ truncate_dim: 0 }) },
      /truncate_dim 0/,
    ],
    [
      "another task",
      { ...files, "sentence_bert_config.json": json({ transformer_task: "fill-mask" }) },
      /transformer_task.*fill-mask/,
    ],
    [
      "arguments for the tokenizer",
      { ...files, "sentence_bert_config.json": json({ processing_kwargs: { text: { truncation: false } } }) },
      /processing_kwargs/,
    ],
    [
      "a limit that is no number",
      { ...files, "sentence_bert_config.json": json({ max_seq_length: "all" }) },
      /max_seq_length.*"all"/,
    ],
    ["broken JSON", { ...files, "config.json": new TextEncoder().encode("{") }, /config\.json: not JSON/],
    ["broken UTF-8", { ...files, "config.json": Uint8Array.of(0xff) }, /config\.json: not valid UTF-8/],
    [
      "weights of another size",
      sentenceModelFiles({
        ...toyModel(),
        weights: toyModel().weights,
        settings: { ...toyModel().settings, config: { ...toyModel().settings.config, intermediateSize: 21 } },
      }),
      /model\.safetensors: the weight .* does not fit config\.json/,
    ],
    [
      "a weight that is missing",
      sentenceModelFiles({ ...toyModel(), weights: [...toyModel().weights].slice(1) }),
      /1 of \d+ weights are missing/,
    ],
  ])("%s", async (_, broken, message) => {
    await expect(sentenceEncoderFromFiles(broken)).rejects.toThrow(FormatError);
    await expect(sentenceEncoderFromFiles(broken)).rejects.toThrow(message);
  });
});
