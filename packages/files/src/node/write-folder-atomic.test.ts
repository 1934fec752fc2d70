import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { makeFolders, writeFolderAtomic } from "./index.ts";

let root: string;
let folder: string;
let path: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kindred-files-"));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, "case-"));
  path = join(folder, "target");
});
afterAll(() => rm(root, { recursive: true }));

const build = async (temporary: string) => {
  await mkdir(join(temporary, "1_Pooling"));
  await writeFile(join(temporary, "1_Pooling", "config.json"), "{}");
};

test("shows nothing until all is there, making the folders above", async () => {
  const deep = join(folder, "a", "b");
  await writeFolderAtomic(deep, async (temporary) => {
    await build(temporary);
    await expect(readdir(deep)).rejects.toMatchObject({ code: "ENOENT" });
  });
  expect(await readFile(join(deep, "1_Pooling", "config.json"), "utf8")).toBe("{}");
  expect(await readdir(join(folder, "a"))).toEqual(["b"]);
});

test("leaves nothing behind an error of the builder, and passes it on", async () => {
  const failure = new Error("line 7");
  const fail = async (temporary: string) => {
    await build(temporary);
    throw failure;
  };
  await expect(writeFolderAtomic(path, fail)).rejects.toBe(failure);
  expect(await readdir(folder)).toEqual([]);
  await writeFolderAtomic(path, build);
  await expect(writeFolderAtomic(path, fail, { replace: true })).rejects.toBe(failure);
  expect(await readdir(path)).toEqual(["1_Pooling"]);
  expect(await readdir(folder)).toEqual(["target"]);
});

test("refuses a folder that is there before it builds, but for an empty one", async () => {
  await mkdir(path);
  await writeFolderAtomic(path, build);
  let built = false;
  const again = async () => {
    built = true;
  };
  await expect(writeFolderAtomic(path, again)).rejects.toThrow(ConfigError);
  expect(built).toBe(false);
});

test("refuses a folder that fills while it builds, and leaves it alone", async () => {
  const meanwhile = async () => {
    await mkdir(path);
    await writeFile(join(path, "theirs"), "");
  };
  await expect(writeFolderAtomic(path, meanwhile)).rejects.toThrow(ConfigError);
  expect(await readdir(path)).toEqual(["theirs"]);
  expect(await readdir(folder)).toEqual(["target"]);
});

test("replaces a folder whole, and no file", async () => {
  await mkdir(path);
  await writeFile(join(path, "old"), "");
  await writeFolderAtomic(path, build, { replace: true });
  expect(await readdir(path)).toEqual(["1_Pooling"]);
  expect(await readdir(folder)).toEqual(["target"]);
  await expect(writeFolderAtomic(join(path, "1_Pooling", "config.json"), build, { replace: true })).rejects.toThrow(
    ConfigError,
  );
});

test("makes all folders that are missing, and tells the topmost", () => {
  expect(makeFolders(folder)).toBeUndefined();
  expect(makeFolders(join(folder, "a", "b", "c"))).toBe(join(folder, "a"));
  expect(statSync(join(folder, "a", "b", "c")).isDirectory()).toBe(true);
  expect(makeFolders(join(folder, "a", "b", "d"))).toBe(join(folder, "a", "b", "d"));
});

test("a folder in a file is the system's error", async () => {
  await writeFile(path, "");
  expect(() => makeFolders(join(path, "a"))).toThrow("ENOTDIR");
});

test.skipIf(!existsSync("/proc/self"))("where no folder can be made, it ends", () => {
  expect(() => makeFolders("/proc/kindred/a")).toThrow("ENOENT");
});
