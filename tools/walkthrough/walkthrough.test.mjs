// docs/walkthrough.md tells the truth: what it lists is where functions run, and no more than a reader can follow.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sharedPath } from "@kindred/testing";
import { describe, expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { firstPage, headings, listedStops } from "./page.mjs";
import { pairStops, textStops } from "./stops.mjs";

/** The most stops that a way may have: each is a file to open, or a package to know of. */
const most = { text: 35, pair: 86 };

const model = sharedPath("golden", "mpnet-tiny", "model");
const page = join(root, "docs", "walkthrough.md");

describe.each([
  ["text", textStops],
  ["pair", pairStops],
])("the way of a %s", (name, stopsOf) => {
  const way = /** @type {keyof typeof most} */ (name);

  test("is as the page has it, in as few stops; node tools/walkthrough/main.mjs prints them", async () => {
    const stops = await stopsOf(model);
    const listed = listedStops(readFileSync(page, "utf8"), headings[way]);
    expect([...listed].sort()).toEqual(stops);
    expect(stops.length).toBeLessThanOrEqual(most[way]);
  });
});

test("a page that is made of stops lists them, each once and in their order", () => {
  const text = ["packages/nn", "packages/options/src/option.ts"];
  const pair = ["packages/errors/src/kindred-error.ts", "packages/errors"];
  const made = firstPage({ text, pair });
  expect([listedStops(made, headings.text), listedStops(made, headings.pair)]).toEqual([text, pair]);
  expect(made).toMatch(/^1\. \[`@kindred\/nn`\]\(\.\.\/packages\/nn\/README\.md\): \S.*\.$/m);
  expect(listedStops(made, "Another way")).toEqual([]);
});

test("functions that run only while modules are evaluated are no stops", async () => {
  const stops = await textStops(model);
  // A set of texts made by a function, at the top of the module.
  expect(stops).not.toContain("packages/tensor-files/src/torch/pickle-opcodes.ts");
  expect(stops).toEqual(expect.arrayContaining(["apps/encode/src/main.ts", "packages/tensor", "packages/tokenizer"]));
});
