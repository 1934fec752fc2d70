import { fromFloat32 } from "@kindred/tensor-files";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { expect, test } from "vitest";
import { listedModules } from "./read-model-folder.ts";
import { newSettings } from "./model-folder.ts";
import { modelFolderFiles, newModule } from "./model-folder-files.ts";
import { modelPaths, shardPaths } from "./model-paths.ts";
import { filesInMemory, readModelFolder } from "./read-model-folder.ts";

const files = await modelFolderFiles({
  modules: [
    newModule("Transformer", { model_type: "mpnet" }, [["a", fromFloat32([1], [1])]]),
    newModule("Pooling", { pooling_mode: "mean" }),
    newModule("Dense", { in_features: 1 }, [["b", fromFloat32([1], [1])]]),
    newModule("Normalize"),
  ],
  tokenizer: tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\ncat\n[UNK]\n<mask>\n"),
  settings: newSettings(),
});
const modules = listedModules(files["modules.json"]);

test("names every file that is read of a folder, and none that is written is left out", async () => {
  const { settings, weights, missing } = modelPaths(modules, (path) => Object.hasOwn(files, path));
  expect([...settings, ...weights].sort()).toEqual(Object.keys(files).sort());
  expect([weights, missing]).toEqual([["model.safetensors", "2_Dense/model.safetensors"], []]);
  const looked = new Set<string>();
  const source = filesInMemory(files);
  const folder = await readModelFolder({
    ...source,
    read: (path) => {
      looked.add(path);
      return source.read(path);
    },
    openTensors: (path) => {
      looked.add(path);
      return source.openTensors(path);
    },
  });
  for (const module of folder.modules) await module.openWeights();
  expect(folder.tokenizer.vocabularySize).toBe(7);
  const there = [...looked].filter((path) => Object.hasOwn(files, path));
  expect([...settings, ...weights]).toEqual(expect.arrayContaining(there));
});

test("takes what the modules' folders hold and nothing beside it, and says what is missing", () => {
  const there = [
    "0_T/config.json",
    "0_T/vocab.txt",
    "config.json",
    "onnx/config.json",
    "trainer_state.json",
    "3_Dense/x.bin",
  ];
  const list = [
    { kind: "Transformer", path: "0_T" },
    { kind: "Pooling", path: "1_Pooling" },
  ] as const;
  const paths = modelPaths(list, (path) => there.includes(path));
  expect(paths.settings).toEqual(["0_T/config.json", "0_T/vocab.txt"]);
  expect(paths.missing).toEqual([
    "0_T/model.safetensors or 0_T/model.safetensors.index.json or 0_T/pytorch_model.bin or 0_T/pytorch_model.bin.index.json",
    "1_Pooling/config.json",
  ]);
});

test("an index names its shards, beside it; another weights file none", () => {
  expect(shardPaths("a/pytorch_model.bin.index.json", '{"weight_map":{"x":"1.bin"}}')).toEqual(["a/1.bin"]);
  expect(shardPaths("a/model.safetensors", "")).toEqual([]);
  expect(() => shardPaths("a/model.safetensors.index.json", '{"weight_map":{"x":"../1.bin"}}')).toThrow(/elsewhere/);
});
