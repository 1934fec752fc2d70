import { expect, test } from "vitest";
import { assertionFaults } from "./assertion-rule.mjs";
import { project, workspace } from "./toy-workspace.mjs";

/** The lines that the rule refuses. @param {readonly string[]} lines @param {string} path @param {string} folder */
function refused(lines, path = "src/chime.ts", folder = "packages/nn") {
  const one = project(folder, { [path]: lines.join("\n") });
  return assertionFaults(workspace(one)).map(({ file, line }) => `${file}:${line}`);
}

test("refuses a `!` without a reason, wherever it stands", () => {
  expect(refused(["const a = b[0]!;"])).toEqual(["packages/nn/src/chime.ts:1"]);
  expect(refused(["for (const i of c) {", "  a += b[i]! * b.at(i)!;", "}"])).toEqual(["packages/nn/src/chime.ts:2"]);
  expect(refused(["// Rings.", "function chime() {", "  return b[0]!;", "}"])).toHaveLength(1);
});

test("takes a comment on the line or above it", () => {
  expect(refused(["const a = b[0]!; // b has one"])).toEqual([]);
  expect(refused(["// b has one", "const a = b[0]!;"])).toEqual([]);
});

test("takes a comment with `!` in it for the loop, the function or the rest of the block", () => {
  const loop = ["for (;;) {", "  a += 1;", "  a += b[i]!;", "}"];
  expect(refused(["// `!`: i is below the length.", ...loop])).toEqual([]);
  expect(refused(["// i is below the length.", ...loop])).toHaveLength(1);
  expect(refused(["function f() {", "  // `!`: below the length.", "  const a = 1;", ...loop, "}"])).toEqual([]);
  expect(refused(['import "b";', "// `!`: below the length.", "const a = 1;", ...loop])).toHaveLength(1);
  expect(refused(["/** Rings. `!`: below the length. */", "function f() {", ...loop, "}"])).toEqual([]);
});

test("takes one with `!` in it above the imports for the file", () => {
  expect(refused(["// Chimes. `!`: a bell has a tone.", 'import "b";', "", "const a = b[0]!;"])).toEqual([]);
});

test("asks nothing of tests, of what tests are written with, and of other exclamation marks", () => {
  expect(refused(["const a = b[0]!;"], "src/chime.test.ts")).toEqual([]);
  expect(refused(["const a = b[0]!;"], "test-support/chime.ts")).toEqual([]);
  expect(refused(["const a = b[0]!;"], "src/chime.ts", "packages/testing")).toEqual([]);
  expect(refused(['const a = b !== c || !d; const e = "oh!";'])).toEqual([]);
});
