import { copyFile, mkdtemp, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { linkFile } from "./link-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kindred-hub-"));
  await writeFile(join(folder, "blob"), "contents");
});
afterAll(() => rm(folder, { recursive: true }));

test("a file appears as a link that survives moving the cache, in place of what was there", async () => {
  const path = join(folder, "snapshots", "c", "1_Pooling", "config.json");
  for (const _ of [1, 2]) await linkFile(join(folder, "blob"), path);
  expect(await readlink(path)).toBe("../../../blob");
  expect(await readFile(path, "utf8")).toBe("contents");
});

test("where the system allows no links it is a copy", async () => {
  const forbidden = () => Promise.reject(Object.assign(new Error("not permitted"), { code: "EPERM" }));
  const path = join(folder, "copies", "config.json");
  await linkFile(join(folder, "blob"), path, [forbidden, forbidden, copyFile]);
  await expect(readlink(path)).rejects.toThrow(/EINVAL/);
  expect(await readFile(path, "utf8")).toBe("contents");
  await expect(linkFile(join(folder, "blob"), path, [forbidden])).rejects.toThrow("not permitted");
});
