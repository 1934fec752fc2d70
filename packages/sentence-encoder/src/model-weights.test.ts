import { FormatError } from "@kindred/errors";
import { filesInMemory, type ModelFiles, readModelFolder } from "@kindred/model-folder";
import { fromFloat32, type NamedTensor, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { expectMutantToFail } from "@kindred/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { torchZip, torchStream, type View } from "../../tensor-files/test-support/torch-file.ts";
import { toyDense } from "../test-support/toy-dense.ts";
import { filesOf, toyModel } from "../test-support/toy-model.ts";
import { modelWeights } from "./model-weights.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

const texts = ["the cat sat on the mat.", "a dog", "", "cats cats cats"];
const { "model.safetensors": _, ...settings } = await filesOf(toyModel());
const weights = [...toyModel().weights];
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

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
  encoder = await sentenceEncoderFromFiles(await filesOf(toyModel()));
  expected = (await encoder.encode(texts)).embeddings;
});
afterAll(() => encoder.close());

async function vectors(files: ModelFiles): Promise<Float32Array> {
  await using other = await sentenceEncoderFromFiles(files);
  return (await other.encode(texts)).embeddings;
}

describe("gives the same vectors, to the last bit,", () => {
  test.each<[string, ModelFiles]>([
    ["from pytorch_model.bin, zip", { "pytorch_model.bin": torchFile(weights, torchZip) }],
    ["from pytorch_model.bin, stream", { "pytorch_model.bin": torchFile(weights, torchStream) }],
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
  const files = await filesOf(toyModel(), { dtype });
  const got = await vectors(files);
  expect(got).toEqual(await vectors(await filesOf({ ...toyModel(), weights: rounded })));
  expectMutantToFail(() => expect(got).toBeCloseToArray(expected, { tolerance: 1e-6 }));
  expect(files["model.safetensors"]!.length).toBeLessThan(
    (await filesOf(toyModel()))["model.safetensors"]!.length * 0.7,
  );
  expect(JSON.parse(new TextDecoder().decode(files["config.json"]))).toMatchObject({ torch_dtype: dtype });
});

test("a transformer's folder without modules.json is read with mean pooling and nothing else that lies there", async () => {
  const { "modules.json": _modules, ...bare } = await filesOf(toyModel());
  await using other = await sentenceEncoderFromFiles(bare);
  expect(other.settings).toMatchObject({ normalize: false, prompts: {}, maxSeqLength: 16 });
  const raw = (await other.encode(texts, { normalizeEmbeddings: true })).embeddings;
  expect(raw).toBeCloseToArray(expected, { tolerance: 1e-6 }); // one float32 rounding of the length's division
});

test("the weights of dense layers are read from their own folders, of either kind", async () => {
  const { layer, weights: own } = toyDense();
  const model = { ...toyModel({ dense: [layer] }), weights: [...weights, ...own] };
  const files = await filesOf(model);
  await using withDense = await sentenceEncoderFromFiles(files);
  expect(withDense.dimension).toBe(5);
  const { embeddings } = await withDense.encode(texts);
  const { "2_Dense/model.safetensors": _dense, ...others } = files;
  const local = own.map(([name, tensor]) => [name.replace("2_Dense.", ""), tensor] as const);
  expect(await vectors({ ...others, "2_Dense/pytorch_model.bin": torchFile(local, torchStream) })).toEqual(embeddings);
  const names: string[] = [];
  for await (const [name] of modelWeights(await readModelFolder(filesInMemory(files)))) names.push(name);
  expect(names.slice(-2)).toEqual(["2_Dense.linear.bias", "2_Dense.linear.weight"]);
});

describe("refuses, naming the file,", async () => {
  const replaced = (name: string, tensor: NamedTensor) =>
    writeSafetensors(weights.map(([own, stored]) => [own, own === name ? tensor : stored] as const));
  const { layer, weights: own } = toyDense();
  const withDense = await filesOf({ ...toyModel({ dense: [layer] }), weights: [...weights, ...own] });
  test.each<[string, ModelFiles, RegExp]>([
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
      { ...settings, "model.safetensors": writeSafetensors([...weights, prefixed[0]!]) },
      /is there twice/,
    ],
    [
      "a dense layer without weights",
      { ...withDense, "2_Dense/model.safetensors": writeSafetensors([]) },
      /2_Dense\/model\.safetensors: 2 of 2 weights/,
    ],
    [
      "a dense layer of another size",
      { ...withDense, "2_Dense/config.json": json({ in_features: 9, out_features: 5 }) },
      /2_Dense\/config\.json: Got in_features 9, expected the 12/,
    ],
    [
      "an activation that it does not know",
      {
        ...withDense,
        "2_Dense/config.json": json({
          in_features: 12,
          out_features: 5,
          activation_function: "torch.nn.modules.activation.ELU",
        }),
      },
      /2_Dense\/config\.json: activation_function .*ELU.*Tanh/,
    ],
    [
      "a key that it does not know",
      { ...withDense, "2_Dense/config.json": json({ in_features: 12, out_features: 5, scale: 2 }) },
      /scale/,
    ],
    [
      "a dense layer over tokens",
      {
        ...withDense,
        "2_Dense/config.json": json({ in_features: 12, out_features: 5, module_input_name: "token_embeddings" }),
      },
      /module_input_name.*token_embeddings/,
    ],
  ])("%s", async (_, files, message) => {
    await expect(sentenceEncoderFromFiles(files)).rejects.toThrow(FormatError);
    await expect(sentenceEncoderFromFiles(files)).rejects.toThrow(message);
  });
});
