// The reference of training options says what the table of options says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { option } from "@kindred/options";
import { trainOptions } from "@kindred/trainer";
import * as v from "valibot";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { optionsPage, takes } from "./options-page.mjs";

test("docs/options.md is what the options make of it: if not, run node tools/docs/write-options.mjs", () => {
  expect(readFileSync(join(root, "docs", "options.md"), "utf8")).toBe(optionsPage());
});

test("every option has one row of four cells, its description last", () => {
  const rows = optionsPage().split("\n");
  for (const [name, { description }] of Object.entries(trainOptions)) {
    const own = rows.filter((row) => row.startsWith(`| \`${name}\` `)).map((row) => row.split("|").slice(1, -1));
    const described = own.filter((cells) => cells[3]?.replaceAll("\\", "").trim() === description);
    expect([name, described.length, described[0]?.length]).toEqual([name, 1, 4]);
  }
});

test.each([
  [v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(8)), "whole number from 2 to 8"],
  [v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1))), "number from 0 to below 1"],
  [v.pipe(v.number(), v.gtValue(0)), "number above 0"],
  [v.picklist(["a", "b"]), "`a`, `b`"],
  [v.boolean(), "true or false"],
  [v.array(v.string()), "list of texts"],
  [v.string(), "text"],
])("says what a schema takes, case %#", (schema, words) => {
  expect(takes(option(/** @type {any} */ (schema), undefined, "A test."))).toBe(words);
});
