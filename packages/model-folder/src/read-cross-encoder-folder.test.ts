import { FormatError } from "@kindred/errors";
import { expect, test } from "vitest";
import { readCrossEncoderFolder } from "./read-cross-encoder-folder.ts";
import { filesInMemory } from "./read-model-folder.ts";

const config = {
  model_type: "bert",
  architectures: ["BertForSequenceClassification"],
  id2label: { 0: "LABEL_0" },
};
const modules = [{ idx: 0, name: "0", path: "", type: "sentence_transformers.base.modules.transformer.Transformer" }];
const transformer = {
  transformer_task: "sequence-classification",
  modality_config: { text: { method: "forward", method_output_name: "logits" } },
  module_output_name: "scores",
};
const sigmoid = "torch.nn.modules.activation.Sigmoid";
const identity = "torch.nn.modules.linear.Identity";

/** A folder's files: some JSON by name, beside a vocabulary. */
function read(json: { readonly [name: string]: unknown }) {
  const texts = Object.entries(json).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const vocabulary = ["vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\n"] as const;
  const files = [...texts, vocabulary].map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
  return readCrossEncoderFolder(filesInMemory(Object.fromEntries(files)));
}

test("a bare classifier is one, and so is a folder of today, with its prompts and limit", async () => {
  const bare = await read({ "config.json": config, "tokenizer_config.json": { model_max_length: 9 } });
  expect(bare).toMatchObject({ labels: 1, activation: "sigmoid", usesTypeIds: true });
  expect(bare.settings).toEqual({ maxSeqLength: 9, doLowerCase: false, prompts: {}, defaultPromptName: undefined });
  expect(bare.transformer).toMatchObject({ kind: "Transformer", path: "", config });
  expect(bare.tokenizer.encodePair("cat", "cat").typeIds).toEqual(Int32Array.of(0, 0, 0, 1, 1));
  const today = await read({
    "config.json": config,
    "modules.json": modules,
    "sentence_bert_config.json": transformer,
    "config_sentence_transformers.json": {
      ...{ model_type: "CrossEncoder", activation_fn: identity },
      ...{ prompts: { query: "find: " }, default_prompt_name: "query" },
    },
  });
  expect(today).toMatchObject({ labels: 1, activation: "identity" });
  expect(today.settings).toMatchObject({ prompts: { query: "find: " }, defaultPromptName: "query" });
});

test.each([
  [{}, "sigmoid"],
  [{ sentence_transformers: { activation_fn: identity, version: "5.0.0" } }, "identity"],
  [{ sbert_ce_default_activation_function: identity }, "identity"],
  [{ sentence_transformers: { activation_fn: sigmoid }, sbert_ce_default_activation_function: identity }, "sigmoid"],
  [{ id2label: { 0: "a", 1: "b", 2: "c" } }, "identity"],
  [{ id2label: { 0: "a", 1: "b" }, sbert_ce_default_activation_function: "torch.nn.Sigmoid" }, "sigmoid"],
])("config.json with %j: scores by %s", async (changes, activation) => {
  expect((await read({ "config.json": { ...config, ...changes } })).activation).toBe(activation);
});

test("labels are counted by their names, or by num_labels, or are two", async () => {
  const labels = async (changes: object) => (await read({ "config.json": { model_type: "bert", ...changes } })).labels;
  expect([await labels({ id2label: { 0: "a", 1: "b", 2: "c" } }), await labels({ num_labels: 1 })]).toEqual([3, 1]);
  expect(await labels({})).toBe(2);
});

test("types are told where the tokenizer's class tells them, or its files say so", async () => {
  const uses = async (json: object) =>
    (await read({ "config.json": config, "tokenizer_config.json": json })).usesTypeIds;
  expect(await uses({ tokenizer_class: "BertTokenizer" })).toBe(true);
  expect(await uses({ tokenizer_class: "DistilBertTokenizerFast" })).toBe(false);
  expect(await uses({ tokenizer_class: "BertTokenizer", model_input_names: ["input_ids", "attention_mask"] })).toBe(
    false,
  );
});

const other = { ...modules[0], idx: 1, name: "1", path: "1_Pooling", type: "sentence_transformers.models.Pooling" };
test.each<[string, { readonly [name: string]: unknown }, RegExp]>([
  ["a folder without config.json", {}, /config\.json: the file is missing\. Is this a folder of a cross-encoder\?/],
  [
    "an activation that would have to be run",
    { "config.json": { ...config, sentence_transformers: { activation_fn: "my.code.Activation" } } },
    /config\.json: sentence_transformers\.activation_fn is not supported\. Got "my\.code\.Activation"/,
  ],
  [
    "a model of vectors",
    { "config.json": config, "modules.json": [...modules, other] },
    /modules\.json: .*a Transformer alone, as a cross-encoder has, not Transformer → Pooling/,
  ],
  [
    "a transformer for something else",
    {
      "config.json": config,
      "modules.json": modules,
      "sentence_bert_config.json": { ...transformer, transformer_task: "text-generation" },
    },
    /transformer_task is not supported\. Got "text-generation", expected "sequence-classification"/,
  ],
  [
    "a folder that calls itself another kind",
    {
      ...{ "config.json": config, "modules.json": modules, "sentence_bert_config.json": transformer },
      "config_sentence_transformers.json": { model_type: "SparseEncoder" },
    },
    /model_type is not supported\. Got "SparseEncoder", expected "CrossEncoder" or nothing/,
  ],
])("refuses %s", async (_, json, message) => {
  await expect(read(json)).rejects.toThrow(FormatError);
  await expect(read(json)).rejects.toThrow(message);
});
