import { FormatError } from "@kindred/errors";
import { fromFloat32, type NamedTensor, toFloat32, writeSafetensors } from "@kindred/tensor-files";
import { expect, test } from "vitest";
import { torchZip, type View } from "../../tensor-files/test-support/torch-file.ts";
import { filesInMemory } from "./read-model-folder.ts";
import { openWeights } from "./stored-tensors.ts";

const tensors = (values: { readonly [name: string]: number }) =>
  Object.entries(values).map(([name, value]): [string, NamedTensor] => [name, fromFloat32([value], [1])]);
const safe = (values: { readonly [name: string]: number }) => writeSafetensors(tensors(values));
const torch = (values: { readonly [name: string]: number }) =>
  torchZip({
    state: new Map(
      tensors(values).map(([name]): [string, View] => [
        name,
        { storage: name, dtype: "F32", shape: [1], strides: [1], offset: 0 },
      ]),
    ),
    storages: new Map(tensors(values).map(([name, { bytes }]) => [name, bytes])),
  });
const index = (weight_map: object) => new TextEncoder().encode(JSON.stringify({ weight_map }));
const garbage = Uint8Array.of(1, 2, 3);

/** What is read of a module in the folder `m`. */
async function read(files: { readonly [name: string]: Uint8Array }): Promise<object> {
  const placed = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`m/${name}`, bytes]));
  const weights = await openWeights(filesInMemory(placed), "m/");
  const values = await Promise.all(
    Array.from(weights.tensors.keys(), async (name) => [name, toFloat32(await weights.read(name))[0]] as const),
  );
  return Object.fromEntries(values);
}

test("safetensors count before PyTorch's files, one file before several; the others are not looked at", async () => {
  const shards = { "1.safetensors": safe({ a: 2 }), "model.safetensors.index.json": index({ a: "1.safetensors" }) };
  const torchShards = { "1.bin": torch({ a: 4 }), "pytorch_model.bin.index.json": index({ a: "1.bin" }) };
  const single = { "pytorch_model.bin": torch({ a: 3 }) };
  expect(await read({ "model.safetensors": safe({ a: 1 }), ...shards, ...single, ...torchShards })).toEqual({ a: 1 });
  expect(await read({ ...shards, "pytorch_model.bin": garbage })).toEqual({ a: 2 });
  expect(await read({ ...single, ...torchShards })).toEqual({ a: 3 });
  expect(await read(torchShards)).toEqual({ a: 4 });
});

test("several files are read as one; what the index does not name is not there", async () => {
  const one = safe({ a: 1, b: 2, unlisted: 9 });
  const map = { c: "2.safetensors", a: "1.safetensors", b: "1.safetensors" };
  const files = { "1.safetensors": one, "2.safetensors": safe({ c: 3 }), "model.safetensors.index.json": index(map) };
  expect(await read(files)).toEqual({ c: 3, a: 1, b: 2 });
});

test.each([
  ["no weights at all", {}, /^m\/model\.safetensors: the file is missing, and so are .*pytorch_model\.bin/],
  ["a broken checkpoint", { "pytorch_model.bin": garbage }, /pytorch_model\.bin \(byte 0\): no PyTorch checkpoint/],
  [
    "a shard that is not there",
    { "model.safetensors.index.json": index({ a: "9.safetensors" }) },
    /m\/9\.safetensors: the file is missing, though m\/model\.safetensors\.index\.json names it/,
  ],
  [
    "a tensor that is not in its shard",
    { "model.safetensors.index.json": index({ b: "1.safetensors" }), "1.safetensors": safe({ a: 1 }) },
    /1\.safetensors: 1 of 1 tensors are missing.*"b"/,
  ],
])("refuses %s, naming the file", async (_, files: { readonly [name: string]: Uint8Array }, message) => {
  await expect(read(files)).rejects.toThrow(FormatError);
  await expect(read(files)).rejects.toThrow(message);
});
