import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mutatedBytes } from "../../test-support/mutated-bytes.ts";
import { type Checkpoint, torchStream, torchZip, type View } from "../../test-support/torch-file.ts";
import { readTorchCheckpoint, toFloat32 } from "../index.ts";
import { openTorchCheckpoint } from "./index.ts";

const view = { storage: "0", dtype: "F32", shape: [3], strides: [1], offset: 0 } as const;
const checkpoint: Checkpoint = {
  state: new Map<string, View>([
    ["a", view],
    ["b", { ...view, storage: "1", shape: [2], strides: [2] }],
    ["c", { ...view, shape: [2], offset: 1 }],
  ]),
  storages: new Map([
    ["0", new Uint8Array(Float32Array.of(1, 2, 3).buffer)],
    ["1", new Uint8Array(Float32Array.of(4, 5, 6).buffer)],
  ]),
};
let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "torch-"));
  path = join(folder, "pytorch_model.bin");
});
afterAll(() => rm(folder, { recursive: true }));

test.each([
  ["zip", torchZip(checkpoint)],
  ["deflated zip", torchZip(checkpoint, { deflated: true })],
  ["stream", torchStream(checkpoint)],
])("%s: tensors are read one by one, the views of a storage beside each other", async (_, bytes) => {
  await writeFile(path, bytes);
  await using file = await openTorchCheckpoint(path);
  expect([...file.tensors]).toEqual([
    ["a", { dtype: "F32", shape: [3], byteLength: 12 }],
    ["c", { dtype: "F32", shape: [2], byteLength: 8 }],
    ["b", { dtype: "F32", shape: [2], byteLength: 8 }],
  ]);
  expect([...toFloat32(await file.read("c"))]).toEqual([2, 3]);
  expect([...toFloat32(await file.read("b"))]).toEqual([4, 6]);
  await expect(file.read("d")).rejects.toThrow(ConfigError);
});

test("a stream whose pickles are longer than the first piece that is read", async () => {
  const state = new Map([...checkpoint.state, ["note", "x".repeat(3 * 2 ** 20)] as const]);
  await writeFile(path, torchStream({ ...checkpoint, state }));
  await using file = await openTorchCheckpoint(path);
  expect([...toFloat32(await file.read("a"))]).toEqual([1, 2, 3]);
  expect(file.values.get("note")).toHaveLength(3 * 2 ** 20);
});

test("from disk the same files are refused as from memory, for the same reason", async () => {
  const files = fc.constantFrom(
    torchZip(checkpoint),
    torchStream(checkpoint),
    torchZip(checkpoint, { deflated: true }),
  );
  await fc.assert(
    fc.asyncProperty(mutatedBytes(files, 300), async (bytes) => {
      await writeFile(path, bytes);
      const inMemory = await readTorchCheckpoint(bytes, { file: path }).then(
        ({ tensors }) => [...tensors].map(([name, { bytes: read }]) => [name, [...read]]),
        (error: Error) => error.message,
      );
      const read = async () => {
        await using file = await openTorchCheckpoint(path);
        const tensors: unknown[] = [];
        for (const name of file.tensors.keys()) tensors.push([name, [...(await file.read(name)).bytes]]);
        return tensors;
      };
      expect(await read().catch((error: Error) => error.message)).toEqual(inMemory);
    }),
    { numRuns: 200 },
  );
});

test("a file that is not there keeps the system's error; an empty one is no checkpoint", async () => {
  await expect(openTorchCheckpoint(join(folder, "nowhere"))).rejects.toThrow(/nowhere: the file is missing/);
  await writeFile(path, "");
  await expect(openTorchCheckpoint(path)).rejects.toThrow(FormatError);
});
