import { adamw } from "@kindred/adamw";
import type { ParameterSpec } from "@kindred/encoder";
import { FormatError } from "@kindred/errors";
import { expect, test } from "vitest";
import { storedValues } from "./stored-state.ts";

const specs: ParameterSpec[] = ["a", "b"].map((name) => ({ name, shape: [2], kind: "shift" }));
const slotsOf = (...names: string[]) => names.map((name) => [name, Float32Array.of(1, 2)] as const);
const all = slotsOf("first.a", "second.a", "first.b", "second.b");

/** The names of what is taken of a checkpoint, and whether each is all zeros. */
async function taken(stored: readonly (readonly [string, Float32Array])[], frozen?: string) {
  const groups = frozen === undefined ? [] : [{ names: [frozen], frozen: true }];
  const optimizer = adamw({ learningRate: () => 0.1, groups });
  const values = storedValues({ file: "state", values: stored }, { ofLoss: [], specs, optimizer });
  const names: { [name: string]: boolean } = {};
  for await (const [name, array] of values) names[name] = array.every((x) => x === 0);
  return names;
}

test("what is remembered is taken, but of what is frozen now", async () => {
  expect(await taken(all)).toEqual({ "first.a": false, "second.a": false, "first.b": false, "second.b": false });
  expect(await taken(all, "b")).toEqual({ "first.a": false, "second.a": false });
  expect(await taken(all.slice(0, 2), "b")).toEqual({ "first.a": false, "second.a": false });
});

test("what was frozen then begins with zeros", async () => {
  expect(await taken(all.slice(2))).toEqual({ "first.a": true, "second.a": true, "first.b": false, "second.b": false });
});

test.each([
  ["a slot", all.slice(1), /1 arrays of this run are missing, the first is first\.a/],
  ["all", [], /4 arrays of this run are missing/],
  [
    "nothing, and there is one more",
    [...all, ...slotsOf("third.a")],
    /holds third\.a, which this run has not, or twice/,
  ],
  ["nothing, and one comes twice", [...all, ...slotsOf("first.a")], /holds first\.a, which this run has not, or twice/],
  [
    "nothing, and one is NaN",
    [["first.a", Float32Array.of(1, Number.NaN)] as const],
    /not made of numbers: 1 of its 2/,
  ],
  ["nothing, and one is longer", [["first.a", new Float32Array(3)] as const], /Got 3 elements, expected 2/],
])("refuses a checkpoint that lacks %s", async (_, stored, message) => {
  await expect(taken(stored)).rejects.toThrow(FormatError);
  await expect(taken(stored)).rejects.toThrow(message);
});
