import { listedModules } from "@kindred/model-folder";
import fc from "fast-check";
import { expect, test } from "vitest";
import { neededPaths, sentenceModelFiles } from "../test-support/toy-repository.ts";
import type { ModelFile } from "./model-file.ts";
import { selectModelFiles } from "./select-model-files.ts";

const file = (path: string, bytes = 1): ModelFile => ({
  path,
  bytes,
  digest: { algorithm: "git-sha1", hex: "0".repeat(40) },
});
const modules = listedModules(sentenceModelFiles["modules.json"]);
const bare = listedModules(undefined);
const select = (paths: readonly string[], of = modules) => {
  const { settings, weights } = selectModelFiles(
    paths.map((path) => file(path)),
    of,
  );
  return [...settings, ...weights].map(({ path }) => path);
};

test("of a sentence-transformers repository it takes what a model needs, and the weights last", () => {
  const paths = select(Object.keys(sentenceModelFiles));
  expect(paths.toSorted()).toEqual(neededPaths);
  expect(paths.at(-1)).toBe("model.safetensors");
});

test.each([
  [["model.safetensors", "pytorch_model.bin", "model.safetensors.index.json"], ["model.safetensors"]],
  // The shards are those that the index names, once it has come.
  [
    ["pytorch_model.bin", "model.safetensors.index.json", "model-00001-of-00001.safetensors"],
    ["model.safetensors.index.json"],
  ],
  [["pytorch_model.bin.index.json", "pytorch_model-00001-of-00001.bin"], ["pytorch_model.bin.index.json"]],
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
    { path: "0_Transformer", kind: "Transformer" },
    { path: "2_Dense", kind: "Dense" },
  ] as const;
  const there = [
    "0_Transformer/vocab.txt",
    "2_Dense/pytorch_model.bin",
    "2_Dense/config.json",
    "3_Dense/config.json",
    "config.json",
  ];
  expect(select(there, [...dense])).toEqual([
    "0_Transformer/vocab.txt",
    "2_Dense/config.json",
    "2_Dense/pytorch_model.bin",
  ]);
});

test("only what is listed is taken, once, whatever the modules' folders are", () => {
  const folder = fc.constantFrom("", "..", "/etc", "1_Pooling", "../../x", "onnx");
  const path = fc.constantFrom(...Object.keys(sentenceModelFiles), "onnx/config.json", "tokenizer.json");
  fc.assert(
    fc.property(fc.array(folder), fc.uniqueArray(path), (folders, paths) => {
      const taken = select(
        paths,
        folders.map((name) => ({ path: name, kind: "Transformer" as const })),
      );
      expect(paths).toEqual(expect.arrayContaining(taken));
      expect(new Set(taken).size).toBe(taken.length);
    }),
  );
});

test("settings of absurd size are refused, weights of that size are not", () => {
  expect(() => selectModelFiles([file("vocab.txt", 1e9)], bare)).toThrow(
    expect.objectContaining({ reason: "listing" }),
  );
  expect(selectModelFiles([file("model.safetensors", 1e9)], bare).weights).toHaveLength(1);
});

test("what is missing is named by folder, with the alternatives", () => {
  const missing = (paths: readonly string[]) =>
    selectModelFiles(
      paths.map((path) => file(path)),
      modules,
    ).missing;
  expect(missing(neededPaths)).toEqual([]);
  for (const [path, lack] of [
    ["1_Pooling/config.json", "1_Pooling/config.json"],
    [
      "model.safetensors",
      "model.safetensors or model.safetensors.index.json or pytorch_model.bin or pytorch_model.bin.index.json",
    ],
  ])
    expect(missing(neededPaths.filter((other) => other !== path))).toEqual([lack]);
});
