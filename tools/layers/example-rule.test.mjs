import { expect, test } from "vitest";
import { exampleFaults } from "./example-rule.mjs";
import { project, workspace } from "./toy-workspace.mjs";

/** @import { Manifest } from "./workspace.mjs" */

/**
 * @param {string} text
 * @param {string} index
 * @param {Manifest} manifest
 */
function exampleMessages(text, index = 'export { type Dial, Clock, chime } from "./chime.ts";', manifest = {}) {
  const one = project("packages/nn", { "src/node/index.ts": index, "src/node/chime.ts": text }, [], manifest);
  return exampleFaults(workspace(one)).map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

test("refuses an exported function or class without an @example, in a Node entry too", () => {
  const shown = "/**\n * Rings.\n *\n * @example\n * chime();\n */\nexport async function* chime() {}\n";
  expect(exampleMessages(`${shown}/** Tells the time. */\nexport class Clock {}`)).toEqual([
    "packages/nn/src/node/chime.ts:9: Clock is exported without an @example.",
  ]);
  expect(exampleMessages("// bare\nexport function chime() {}")).toEqual([
    "packages/nn/src/node/chime.ts:2: chime is exported without an @example.",
  ]);
  expect(exampleMessages("export function chime() {}", 'export { chime as ring } from "./chime.ts";')).toHaveLength(1);
});

test("asks no example of types, constants, ops, what is not exported, and private packages", () => {
  const bare = "/** A. */\nexport function chime() {}";
  expect(exampleMessages("export type Dial = 1; export const chime = 1; export const chimeOp = defineOp({});")).toEqual(
    [],
  );
  expect(exampleMessages(bare, 'export { other } from "./chime.ts";')).toEqual([]);
  expect(exampleMessages(bare, 'export type { chime } from "./chime.ts";')).toEqual([]);
  expect(exampleMessages(bare, undefined, { private: true })).toEqual([]);
});
