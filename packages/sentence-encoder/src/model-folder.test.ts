import { FormatError } from "@kindred/errors";
import { describe, expect, test } from "vitest";
import { toyModel } from "../test-support/toy-model.ts";
import type { ModelFiles } from "./model-files.ts";
import { modelSettings } from "./model-settings.ts";
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
