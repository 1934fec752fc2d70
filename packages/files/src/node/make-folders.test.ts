import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolders } from "./make-folders.ts";

const root = mkdtempSync(join(tmpdir(), "kindred-folders-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("all that are missing are made, and the topmost is told", () => {
  expect(makeFolders(root)).toBeUndefined();
  expect(makeFolders(join(root, "a", "b", "c"))).toBe(join(root, "a"));
  expect(statSync(join(root, "a", "b", "c")).isDirectory()).toBe(true);
  expect(makeFolders(join(root, "a", "b", "d"))).toBe(join(root, "a", "b", "d"));
});

test("a folder in a file is the system's error", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolders(join(root, "file", "a"))).toThrow("ENOTDIR");
});

test.skipIf(!existsSync("/proc/self"))("where no folder can be made, it ends", () => {
  expect(() => makeFolders("/proc/kindred/a")).toThrow("ENOENT");
});
