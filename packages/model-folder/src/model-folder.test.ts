import { FormatError } from "@kindred/errors";
import { fromFloat32, toFloat32 } from "@kindred/tensor-files";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { describe, expect, test } from "vitest";
import { newSettings } from "./model-folder.ts";
import { modelFolderFiles, newModule } from "./model-folder-files.ts";
import { filesInMemory, listedModules, readModelFolder, readModelTokenizer } from "./read-model-folder.ts";

const tokenizer = tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\nthe\n[UNK]\n<mask>\n");
const weights = [["embeddings.LayerNorm.bias", fromFloat32([1, 2], [2])]] as const;
const files = await modelFolderFiles({
  modules: [
    newModule("Transformer", { model_type: "mpnet", hidden_size: 2 }, weights),
    newModule("Pooling", { word_embedding_dimension: 2, pooling_mode_mean_tokens: true }),
    newModule("Dense", { in_features: 2, out_features: 1 }, [["linear.weight", fromFloat32([3, 4], [1, 2])]]),
    newModule("Normalize"),
  ],
  tokenizer,
  settings: newSettings({ maxSeqLength: 9, prompts: { query: "find: " }, similarityFunction: "dot" }),
});
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const read = (changes: { [path: string]: Uint8Array | undefined } = {}) => {
  const kept = Object.entries({ ...files, ...changes }).filter(
    (entry): entry is [string, Uint8Array] => entry[1] !== undefined,
  );
  return readModelFolder(filesInMemory(Object.fromEntries(kept)));
};

test("what is written is read: modules, settings, tokenizer and weights", async () => {
  const folder = await read();
  expect(folder.modules.map(({ kind, path }) => [kind, path])).toEqual([
    ["Transformer", ""],
    ["Pooling", "1_Pooling"],
    ["Dense", "2_Dense"],
    ["Normalize", "3_Normalize"],
  ]);
  expect(folder.modules[0].config).toEqual({ model_type: "mpnet", hidden_size: 2, torch_dtype: "float32" });
  expect(folder.settings).toEqual(
    newSettings({ maxSeqLength: 9, prompts: { query: "find: " }, similarityFunction: "dot" }),
  );
  expect(folder.tokenizer.encode("The cat").ids).toEqual(tokenizer.encode("The cat").ids);
  expect(folder.tokenizer).toBe(folder.tokenizer);
  for (const [i, name, values] of [
    [0, "embeddings.LayerNorm.bias", [1, 2]],
    [2, "linear.weight", [3, 4]],
  ] as const) {
    const stored = await folder.modules[i]?.openWeights();
    expect(stored?.tensors.has(name)).toBe(true);
    const tensor = await stored?.read(name);
    expect(tensor && [...toFloat32(tensor)]).toEqual(values);
  }
  expect(await modelFolderFiles(folder)).toEqual(files);
});

describe("how far vectors may be cut", () => {
  const of = async (config: object, handed: object = {}) => {
    const changes = {
      "config.json": json({ model_type: "mpnet", ...config }),
      "sentence_bert_config.json": json(handed),
    };
    return (await read(changes)).settings.matryoshkaDimensions;
  };

  test("is what config.json names, any number where it says no more than that, and nothing where it is silent", async () => {
    expect(await of({ matryoshka_dimensions: [64, 32] })).toEqual([64, 32]);
    expect(await of({ matryoshka_dimensions: [64], is_matryoshka: true })).toEqual([64]);
    expect(await of({ is_matryoshka: true })).toBe("any");
    expect(await of({ is_matryoshka: false, matryoshka_dimensions: null })).toBeUndefined();
    expect(await of({}, { config_args: { matryoshka_dimensions: [8] } })).toEqual([8]);
    await expect(of({ matryoshka_dimensions: [0] })).rejects.toThrow(/config\.json: .*matryoshka_dimensions\[0\]/);
    await expect(of({ matryoshka_dimensions: 64 })).rejects.toThrow(/matryoshka_dimensions/);
  });

  test.each<readonly [readonly number[] | "any" | undefined, object]>([
    [[64, 32], { matryoshka_dimensions: [64, 32] }],
    ["any", { is_matryoshka: true }],
    [undefined, {}],
  ])("%j is written as %j, whatever stood there", async (matryoshkaDimensions, expected) => {
    const { modules, tokenizer } = await read({
      "config.json": json({ model_type: "mpnet", matryoshka_dimensions: [7], is_matryoshka: true }),
    });
    const settings = newSettings({ matryoshkaDimensions });
    const config = (await modelFolderFiles({ modules, tokenizer, settings }))["config.json"];
    expect(JSON.parse(new TextDecoder().decode(config))).toEqual({
      ...{ model_type: "mpnet", torch_dtype: "float32" },
      ...expected,
    });
  });
});

describe("modules.json", () => {
  const module = (path: string, type: string, name: string = path + type) => ({ idx: 0, name, path, type });
  const old = "sentence_transformers.models.";

  test("paths are read without what changes nothing", () => {
    const paths = ["", "1_Pooling/", "./2_Dense", "a//b/./c/"];
    const kinds = ["Transformer", "Pooling", "Dense", "Normalize"];
    const text = JSON.stringify(kinds.map((kind, i) => module(paths[i] ?? "", old + kind)));
    expect(listedModules(text).map(({ path }) => path)).toEqual(["", "1_Pooling", "2_Dense", "a/b/c"]);
  });

  test("any order of Dense, Normalize and Dropout behind the pooling", () => {
    const kinds = ["Transformer", "Pooling", "Normalize", "Dropout", "Dense", "Normalize", "Normalize"];
    const text = JSON.stringify(kinds.map((kind, i) => module(`${i}`, old + kind)));
    expect(listedModules(text).map(({ kind }) => kind)).toEqual(kinds);
  });

  const two = [module("", `${old}Transformer`), module("1", `${old}Pooling`)];
  test.each([
    ["another class", [...two, module("2", `${old}LSTM`)], /\[2\]\.type.*LSTM/],
    ["somebody's own class", [...two, module("2", "custom.Dense")], /\[2\]\.type.*custom\.Dense/],
    ["a transformer alone", two.slice(0, 1), /not Transformer\./],
    ["two poolings", [...two, module("2", `${old}Pooling`)], /Transformer → Pooling → Pooling/],
    ["no modules", [], /no modules/],
    ["a path out of the folder", [two[0], module("a/../../x", `${old}Pooling`)], /\[1\]\.path.*a folder within/],
    ["a rooted path", [two[0], module("/etc", `${old}Pooling`)], /\[1\]\.path/],
    ["a drive", [two[0], module("c:x", `${old}Pooling`)], /\[1\]\.path/],
    ["a module without path", [two[0], { type: `${old}Pooling` }], /\[1\]\.path/],
    ["one name twice", [two[0], module("1", `${old}Pooling`, `${old}Transformer`)], /\[1\]\.name/],
    ["no list", {}, /expected an array/],
  ])("refuses %s", (_, list, message) => {
    expect(() => listedModules(JSON.stringify(list), { file: "m/modules.json" })).toThrow(FormatError);
    expect(() => listedModules(JSON.stringify(list), { file: "m/modules.json" })).toThrow(message);
  });
});

test("a folder without modules.json is a bare transformer with mean pooling, whatever else lies in it", async () => {
  const folder = await read({ "modules.json": undefined });
  expect(folder.modules.map(({ kind }) => kind)).toEqual(["Transformer", "Pooling"]);
  expect(folder.modules[1].config).toEqual({ pooling_mode: "mean" });
  expect(folder.settings).toEqual(newSettings({ maxSeqLength: 9 })); // the tokenizer's
});

describe("what sentence_bert_config.json hands on", () => {
  const settings = (value: object, tokenizer: object = {}) =>
    read({ "sentence_bert_config.json": json(value), "tokenizer_config.json": json(tokenizer) });

  // sentence-transformers 6.2: a limit of each call, else one given to the tokenizer, else max_seq_length, else the tokenizer's own
  test.each<[object, object, number | undefined]>([
    [
      { max_seq_length: 9, tokenizer_args: { model_max_length: 8 }, processing_kwargs: { text: { max_length: 7 } } },
      {},
      7,
    ],
    [{ max_seq_length: 9, processor_kwargs: { model_max_length: 8 } }, { model_max_length: 20 }, 8],
    [{ max_seq_length: 9 }, { model_max_length: 20 }, 9],
    [{ max_seq_length: null }, { model_max_length: 20 }, 20],
    [{ do_lower_case: false }, { max_len: 21 }, 21],
    [{ do_lower_case: false }, { model_max_length: null }, undefined],
  ])("%j beside %j limits texts to %s", async (value, tokenizer, limit) => {
    expect((await settings(value, tokenizer)).settings.maxSeqLength).toBe(limit);
  });

  test("arguments count over config.json and tokenizer_config.json, but not those about loading", async () => {
    const folder = await settings({
      config_args: { hidden_size: 3, revision: "main", trust_remote_code: true },
      tokenizer_args: { do_lower_case: false, use_fast: true },
      model_args: { attn_implementation: "sdpa", torch_dtype: "float16", device_map: null },
    });
    expect(folder.modules[0].config).toEqual({ model_type: "mpnet", hidden_size: 3, torch_dtype: "float32" });
    expect(folder.tokenizer.encode("The").ids).not.toEqual(tokenizer.encode("the").ids);
  });

  test("an older file's name counts where there is no newer one with something in it", async () => {
    const changes = {
      "sentence_bert_config.json": json({}),
      "sentence_roberta_config.json": json({ max_seq_length: 5 }),
    };
    expect((await read(changes)).settings.maxSeqLength).toBe(5);
  });
});

test("a tokenizer needs no more than its own files", async () => {
  const source = filesInMemory({ "vocab.txt": new TextEncoder().encode(tokenizer.toVocab()) });
  const alone = await readModelTokenizer(source);
  expect(alone.tokenizer.encode("The cat").ids).toEqual(tokenizer.encode("The cat").ids);
  expect(alone.maxSeqLength).toBeUndefined();
  await expect(readModelTokenizer(filesInMemory({}))).rejects.toThrow(/tokenizer\.json: the file is missing/);
});

test("RoBERTa's tokenizer may lie in vocab.json and merges.txt", async () => {
  const files = {
    "config.json": json({ model_type: "roberta" }),
    "vocab.json": json({ "<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, h: 4, i: 5, hi: 6, "<mask>": 7 }),
    "merges.txt": new TextEncoder().encode("#version: 0.2\nh i\n"),
  };
  const { tokenizer } = await readModelTokenizer(filesInMemory(files));
  expect([...tokenizer.encode("hihhi").ids]).toEqual([0, 6, 4, 6, 2]);
});

test.each<[string, { [path: string]: Uint8Array | undefined }, RegExp]>([
  [
    "another task",
    { "sentence_bert_config.json": json({ transformer_task: "fill-mask" }) },
    /transformer_task.*fill-mask/,
  ],
  ["an unknown setting", { "sentence_bert_config.json": json({ max_len: 3 }) }, /max_len.*no such key/],
  [
    "a model in 8 bits",
    { "sentence_bert_config.json": json({ model_args: { load_in_8bit: true } }) },
    /model_args\.load_in_8bit/,
  ],
  [
    "an unknown similarity",
    { "config_sentence_transformers.json": json({ similarity_fn_name: "hamming" }) },
    /hamming/,
  ],
  [
    "another kind of model",
    { "config_sentence_transformers.json": json({ model_type: "SparseEncoder" }) },
    /SparseEncoder/,
  ],
  [
    "a default prompt that is not there",
    { "config_sentence_transformers.json": json({ default_prompt_name: "x" }) },
    /default_prompt_name.*"x"/,
  ],
  [
    "prompts that are no texts",
    { "config_sentence_transformers.json": json({ prompts: { query: 1 } }) },
    /prompts\.query.*a text/,
  ],
  ["a dimension of zero", { "config_sentence_transformers.json": json({ truncate_dim: 0 }) }, /truncate_dim/],
  [
    "a Dense on tokens",
    { "2_Dense/config.json": json({ module_input_name: "token_embeddings" }) },
    /module_input_name/,
  ],
  ["broken JSON", { "config.json": new TextEncoder().encode("{") }, /config\.json: not JSON/],
  ["broken UTF-8", { "config.json": Uint8Array.of(0xff) }, /config\.json: not valid UTF-8/],
])("refuses %s, naming file and key", async (_, changes, message) => {
  await expect(read(changes)).rejects.toThrow(FormatError);
  await expect(read(changes)).rejects.toThrow(message);
});
