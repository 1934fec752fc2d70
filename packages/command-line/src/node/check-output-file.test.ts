import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterAll, expect, test } from "vitest";
import { checkOutputFile } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-output-"));
writeFileSync(join(folder, "file"), "");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a new file, or one to replace, in a folder that is there is fine", () => {
  expect(() => checkOutputFile("--output", "a.npy")).not.toThrow();
  expect(() => checkOutputFile("--output", join(folder, "a.npy"))).not.toThrow();
  expect(() => checkOutputFile("--output", join(folder, "file"))).not.toThrow();
});

test.each([
  ["a folder that is not there", ["nodir", "a.npy"], /^--output: no such folder\. .*Make .*nodir first\.$/],
  ["a file as the folder", ["file", "a.npy"], /^--output: no such folder/],
  ["a folder as the file", [], /^--output: a folder/],
])("refuses %s, naming it", (_, path, message) => {
  const check = () => checkOutputFile("--output", join(folder, ...path));
  expect(check).toThrow(ConfigError);
  expect(check).toThrow(message);
});
