import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromFloat32, toFloat32, writeSafetensors } from "../index.ts";
import { openShardedSafetensors } from "./index.ts";

let folder: string;
let index: string;
const write = (name: string, tensors: Record<string, number>) =>
  writeFile(
    join(folder, name),
    writeSafetensors(Object.entries(tensors).map(([key, value]) => [key, fromFloat32([value], [1])] as const)),
  );
const map = (weight_map: Record<string, string>) => writeFile(index, JSON.stringify({ weight_map }));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sharded-"));
  index = join(folder, "model.safetensors.index.json");
  await write("1.safetensors", { a: 1, b: 2, unlisted: 9 });
  await write("2.safetensors", { c: 3 });
});
afterAll(() => rm(folder, { recursive: true }));

test("several files are read as one, shard after shard; what the index does not name is not there", async () => {
  await map({ c: "2.safetensors", a: "1.safetensors", b: "1.safetensors" });
  await using file = await openShardedSafetensors(index);
  expect([...file.tensors.keys()]).toEqual(["c", "a", "b"]);
  expect(
    await Promise.all([...file.tensors.keys()].map(async (name) => [...toFloat32(await file.read(name))])),
  ).toEqual([[3], [1], [2]]);
  await expect(file.read("unlisted")).rejects.toThrow(ConfigError);
});

test("a shard that is not there, and a tensor that is not in its shard, are refused by name", async () => {
  await map({ a: "1.safetensors", b: "3.safetensors" });
  await expect(openShardedSafetensors(index)).rejects.toThrow(FormatError);
  await expect(openShardedSafetensors(index)).rejects.toThrow(
    /3\.safetensors: the file is missing, though .*index\.json/,
  );
  await map({ a: "1.safetensors", b: "2.safetensors" });
  await expect(openShardedSafetensors(index)).rejects.toThrow(/2\.safetensors.*1 of 1 tensors are missing.*"b"/);
});
