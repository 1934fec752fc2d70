import { bert } from "@kindred/bert";
import { FormatError } from "@kindred/errors";
import { filesInMemory, type ModelFiles, modelFolderFiles, readModelFolder } from "@kindred/model-folder";
import { fromFloat32, type NamedTensor, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { expectMutantToFail } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { torchZip, torchStream, type View } from "../../tensor-files/test-support/torch-file.ts";
import { toyDense } from "../../pooling/test-support/toy-dense.ts";
import { toyFiles, toyModel } from "../test-support/toy-model.ts";
import { modelWeights } from "./model-weights.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";
import { openSentenceModel, savedModel } from "./sentence-model.ts";

const texts = ["the cat sat on the mat.", "a dog", "", "cats cats cats"];
const { "model.safetensors": _, ...settings } = await toyFiles();
const { weights } = toyModel();
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const garbage = Uint8Array.of(1, 2, 3);

/** A checkpoint as torch.save writes it, every tensor a storage of its own. */
function torchFile(tensors: readonly (readonly [string, NamedTensor])[], write: typeof torchZip | typeof torchStream) {
  const views = tensors.map(([name, { dtype, shape }], i): [string, View] => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    return [name, { storage: `${i}`, dtype, shape, strides, offset: 0 }];
  });
  const storages = new Map(tensors.map(([, { bytes }], i) => [`${i}`, bytes]));
  return write({ state: new Map(views), storages });
}
const prefixed = weights.map(([name, tensor]) => [`mpnet.${name}`, tensor] as const);
const extras: [string, NamedTensor][] = [
  ["lm_head.dense.weight", fromFloat32([1, 2], [2])],
  ["pooler.dense.bias", fromFloat32([1], [1])],
  ["mpnet.embeddings.position_ids", { dtype: "I64", shape: [1], bytes: new Uint8Array(8) }],
];

let encoder: SentenceEncoder;
let expected: Float32Array;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
  expected = (await encoder.encode(texts)).embeddings;
});
afterAll(() => encoder.close());

async function vectors(files: ModelFiles): Promise<Float32Array> {
  await using other = await sentenceEncoderFromFiles(files);
  return (await other.encode(texts)).embeddings;
}

describe("gives the same vectors, to the last bit,", () => {
  const shards = (): ModelFiles => ({
    "1.safetensors": writeSafetensors(weights.slice(0, 5)),
    "2.safetensors": writeSafetensors([...weights.slice(5), ...extras]),
    "model.safetensors.index.json": json({
      weight_map: Object.fromEntries(weights.map(([name], i) => [name, i < 5 ? "1.safetensors" : "2.safetensors"])),
    }),
  });
  test.each<[string, ModelFiles]>([
    ["from pytorch_model.bin, zip", { "pytorch_model.bin": torchFile(weights, torchZip) }],
    ["from pytorch_model.bin, stream", { "pytorch_model.bin": torchFile(weights, torchStream) }],
    ["from several safetensors and their index", shards()],
    ["from a masked-LM checkpoint", { "model.safetensors": writeSafetensors([...prefixed, ...extras]) }],
    ["from a masked-LM checkpoint of PyTorch", { "pytorch_model.bin": torchFile([...prefixed, ...extras], torchZip) }],
    [
      "from float64",
      {
        "model.safetensors": writeSafetensors(
          weights.map(([n, t]) => [n, fromFloat32(toFloat32(t), t.shape, "F64")] as const),
        ),
      },
    ],
    [
      "where safetensors lie beside another file",
      { "model.safetensors": writeSafetensors(weights), "pytorch_model.bin": garbage },
    ],
    ["where an index lies beside another file", { ...shards(), "pytorch_model.bin": garbage }],
  ])("%s", async (_, files) => {
    expect(await vectors({ ...settings, ...files })).toEqual(expected);
  });
});

test.each(["float16", "bfloat16"] as const)("%s weights are those values, rounded", async (dtype) => {
  const stored = dtype === "float16" ? "F16" : "BF16";
  const rounded = weights.map(
    ([name, tensor]) =>
      [name, fromFloat32(toFloat32(fromFloat32(toFloat32(tensor), tensor.shape, stored)), tensor.shape)] as const,
  );
  const files = await toyFiles({}, { dtype });
  const got = await vectors(files);
  const { weights: _weights, ...model } = toyModel();
  expect(got).toEqual(await vectors(await modelFolderFiles(savedModel(model, rounded))));
  expectMutantToFail(() => expect(got).toBeCloseToArray(expected, { tolerance: 1e-6 }));
  const size = (from: ModelFiles) => from["model.safetensors"]?.length ?? Number.NaN;
  expect(size(files)).toBeLessThan(size(await toyFiles()) * 0.7);
  expect(JSON.parse(new TextDecoder().decode(files["config.json"]))).toMatchObject({ torch_dtype: dtype });
});

test("a transformer's folder without modules.json is read with mean pooling and nothing else that lies there", async () => {
  const { "modules.json": _modules, ...bare } = await toyFiles();
  await using other = await sentenceEncoderFromFiles(bare);
  expect(other.settings).toMatchObject({ prompts: {}, maxSeqLength: 16 });
  expect(other.model.modules.length).toBe(1);
  const raw = (await other.encode(texts, { normalizeEmbeddings: true })).embeddings;
  expect(raw).toBeCloseToArray(expected, { tolerance: 1e-6 }); // one float32 rounding of the length's division
});

test("the weights of dense layers are read from their own folders, of either kind", async () => {
  const after = [{ kind: "Dense", ...toyDense().layer } as const];
  const files = await toyFiles({ after });
  await using withDense = await sentenceEncoderFromFiles(files);
  expect(withDense.dimension).toBe(5);
  const { embeddings } = await withDense.encode(texts);
  const { "2_Dense/model.safetensors": _dense, ...others } = files;
  const local = toyModel({ after })
    .weights.filter(([name]) => name.startsWith("2_Dense."))
    .map(([name, tensor]) => [name.replace("2_Dense.", ""), tensor] as const);
  expect(await vectors({ ...others, "2_Dense/pytorch_model.bin": torchFile(local, torchStream) })).toEqual(embeddings);
  const names: string[] = [];
  const folder = await readModelFolder(filesInMemory(files));
  for await (const [name] of modelWeights(folder, openSentenceModel(folder))) names.push(name);
  expect(names.slice(-2).sort()).toEqual(["2_Dense.linear.bias", "2_Dense.linear.weight"]);
});

test("BERT's weights are read under the names of 2019 too, from a masked-LM checkpoint without a pooler", async () => {
  const { weights: own } = toyModel({ family: bert });
  const old = own.map(([name, tensor]) => {
    const norm = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    return [`bert.${norm}`, tensor] as const;
  });
  const head = [...extras, ["cls.predictions.bias", fromFloat32([1], [1])] as const];
  const { "model.safetensors": _, ...others } = await toyFiles({ family: bert });
  const wanted = await vectors(await toyFiles({ family: bert }));
  expect(await vectors({ ...others, "pytorch_model.bin": torchFile([...old, ...head], torchZip) })).toEqual(wanted);
  const { weights: _weights, ...model } = toyModel({ family: bert });
  expect(wanted).toEqual(await vectors(await modelFolderFiles(savedModel(model, own))));
});

describe("refuses, naming the file,", async () => {
  const withDense = await toyFiles({ after: [{ kind: "Dense", ...toyDense().layer }] });
  const replaced = (name: string, tensor: NamedTensor) =>
    writeSafetensors(weights.map(([own, stored]) => [own, own === name ? tensor : stored] as const));
  test.each<[string, ModelFiles, RegExp]>([
    ["no weights at all", settings, /model\.safetensors: the file is missing, and so are .*pytorch_model\.bin/],
    [
      "a broken checkpoint",
      { ...settings, "pytorch_model.bin": garbage },
      /pytorch_model\.bin \(byte 0\): no PyTorch checkpoint/,
    ],
    [
      "integers for weights",
      {
        ...settings,
        "model.safetensors": replaced("embeddings.LayerNorm.bias", {
          dtype: "I32",
          shape: [12],
          bytes: new Uint8Array(48),
        }),
      },
      /embeddings\.LayerNorm\.bias has I32 numbers/,
    ],
    [
      "a weight under both of its names",
      { ...settings, "model.safetensors": writeSafetensors([...weights, ...prefixed.slice(0, 1)]) },
      /the parameter embeddings\.word_embeddings\.weight is there twice/,
    ],
    [
      "a shard that is missing",
      { ...settings, "model.safetensors.index.json": json({ weight_map: { a: "9.safetensors" } }) },
      /9\.safetensors: the file is missing, though model\.safetensors\.index\.json names it/,
    ],
    [
      "a dense layer without weights",
      { ...withDense, "2_Dense/model.safetensors": writeSafetensors([]) },
      /2_Dense\/model\.safetensors: 2 of 2 parameters are missing.*Got no tensor\./,
    ],
  ])("%s", async (_, files, message) => {
    await expect(sentenceEncoderFromFiles(files)).rejects.toThrow(FormatError);
    await expect(sentenceEncoderFromFiles(files)).rejects.toThrow(message);
  });
});
