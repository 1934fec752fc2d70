import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nearestPath } from "./index.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "kindred-nearest-"));
  mkdirSync(join(root, "my-run", "model"), { recursive: true });
  writeFileSync(join(root, "my-run", "pairs.jsonl"), "");
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["my-runs/model", "my-run/model"],
  ["my-run/modl", "my-run/model"],
  ["./my-run/pair.jsonl", "my-run/pairs.jsonl"],
  ["my-runs/modl", undefined], // two names are wrong
  ["my-run/pairs.jsonl/x", undefined],
  ["other/model", undefined],
  ["my-run/model", undefined], // it is there
])("%s may mean %s, absolute or from here", (given, meant) => {
  expect(nearestPath(join(root, given))).toBe(meant && join(root, meant));
  const from = relative(process.cwd(), root);
  expect(nearestPath(`${from}/${given}`)).toBe(meant && join(from, meant));
});
