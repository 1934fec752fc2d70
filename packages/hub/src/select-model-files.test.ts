import fc from "fast-check";
import { expect, test } from "vitest";
import { neededPaths, sentenceModelFiles } from "../test-support/toy-repository.ts";
import { missingModelFiles } from "./missing-model-files.ts";
import { bareModel, moduleFolders } from "./module-folders.ts";
import type { ModelFile } from "./model-file.ts";
import { selectModelFiles } from "./select-model-files.ts";

const file = (path: string, bytes = 1): ModelFile => ({
  path,
  bytes,
  digest: { algorithm: "git-sha1", hex: "0".repeat(40) },
});
const modules = moduleFolders(new TextDecoder().decode(sentenceModelFiles["modules.json"]));
const select = (paths: readonly string[], of = modules) =>
  selectModelFiles(
    paths.map((path) => file(path)),
    of,
  ).map(({ path }) => path);

test("of a sentence-transformers repository it takes what a model needs, and the weights last", () => {
  const paths = select(Object.keys(sentenceModelFiles));
  expect(paths.toSorted()).toEqual(neededPaths);
  expect(paths.at(-1)).toBe("model.safetensors");
});

test.each([
  [["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"], ["model.safetensors"]],
  [
    [
      "pytorch_model.bin",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
      "model-00001-of-00002.safetensors",
    ],
    ["model.safetensors.index.json", "model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"],
  ],
  [
    ["pytorch_model.bin", "tf_model.h5", "openvino/openvino_model.bin", "model_fp16.safetensors"],
    ["pytorch_model.bin"],
  ],
  [["rust_model.ot", "adapter_model.safetensors", "onnx/model.safetensors"], []],
])("of the weights %j it takes %j", (there, taken) => {
  expect(select(there)).toEqual(taken);
});

test("the folders of modules are those that modules.json names, and no others", () => {
  const dense = [
    { folder: "0_Transformer", type: "Transformer" },
    { folder: "2_Dense", type: "Dense" },
  ];
  const there = [
    "0_Transformer/vocab.txt",
    "2_Dense/pytorch_model.bin",
    "2_Dense/config.json",
    "3_Dense/config.json",
    "config.json",
  ];
  expect(select(there, dense)).toEqual(["0_Transformer/vocab.txt", "2_Dense/config.json", "2_Dense/pytorch_model.bin"]);
  expect(moduleFolders('[{"path": "1_Pooling/", "type": "Pooling"}]')).toEqual([
    { folder: "1_Pooling", type: "Pooling" },
  ]);
});

test("only what is listed is taken, once, whatever modules.json says", () => {
  const folder = fc.constantFrom("", "..", "/etc", "1_Pooling", "../../x", "onnx");
  const path = fc.constantFrom(...Object.keys(sentenceModelFiles), "onnx/config.json", "tokenizer.json");
  fc.assert(
    fc.property(fc.array(folder), fc.uniqueArray(path), (folders, paths) => {
      const taken = select(
        paths,
        folders.map((name) => ({ folder: name, type: "Transformer" })),
      );
      expect(paths).toEqual(expect.arrayContaining(taken));
      expect(new Set(taken).size).toBe(taken.length);
    }),
  );
});

test("settings of absurd size are refused, weights of that size are not", () => {
  expect(() => selectModelFiles([file("vocab.txt", 1e9)], bareModel)).toThrow(
    expect.objectContaining({ reason: "listing" }),
  );
  expect(selectModelFiles([file("model.safetensors", 1e9)], bareModel)).toHaveLength(1);
});

test("what is missing is named by folder, with the alternatives", () => {
  const has = (path: string) => neededPaths.includes(path);
  expect(missingModelFiles(modules, has)).toEqual([]);
  for (const [path, lack] of [
    ["1_Pooling/config.json", "1_Pooling/config.json"],
    ["model.safetensors", "model.safetensors or model.safetensors.index.json or pytorch_model.bin"],
  ]) {
    expect(missingModelFiles(modules, (candidate) => candidate !== path && has(candidate))).toEqual([lack]);
  }
});

test.each(["{", "{}", "[null]", '[{"path": 1, "type": "x"}]', '[{"path": ""}]'])(
  "refuses %j as modules.json",
  (text) => {
    expect(() => moduleFolders(text)).toThrow(expect.objectContaining({ name: "FormatError", file: "modules.json" }));
  },
);
