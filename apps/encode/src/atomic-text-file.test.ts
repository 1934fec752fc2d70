import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { atomicTextFile } from "./atomic-text-file.ts";

// A slow disk: a file is opened only after 20 ms, which is when an early `abandon` could miss it.
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof import("node:fs")>();
  const open = (...args: Parameters<typeof fs.open>) => globalThis.setTimeout(() => fs.open(...args), 20);
  return {
    ...fs,
    createWriteStream: (path: string) => fs.createWriteStream(path, { fs: { ...fs, open } as unknown as typeof fs }),
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-text-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the path has its old contents until finish, then all that was written", async () => {
  const path = join(folder, "a.jsonl");
  writeFileSync(path, "old");
  const file = atomicTextFile(path);
  const long = "x".repeat(100_000); // more than a stream takes at once
  await file.write(long);
  await file.write("é\n");
  expect(readFileSync(path, "utf8")).toBe("old");
  await file.finish();
  expect(readFileSync(path, "utf8")).toBe(`${long}é\n`);
  expect(readdirSync(folder)).toEqual(["a.jsonl"]);
});

test("abandoned, at once or after writing, a file is not there and does not come", async () => {
  await atomicTextFile(join(folder, "a.txt")).abandon();
  const file = atomicTextFile(join(folder, "b.txt"));
  await file.write("text");
  await file.abandon();
  await setTimeout(100);
  expect(readdirSync(folder)).toEqual([]);
});

test("a file that cannot be written is said so by finish, and abandoning it then ends", async () => {
  const file = atomicTextFile(join(folder, "nowhere", "a.txt"));
  await expect(file.finish()).rejects.toThrow("ENOENT");
  await file.abandon();
});

test("abandoning a file that cannot be opened ends", async () => {
  await atomicTextFile(join(folder, "nowhere", "a.txt")).abandon();
});
