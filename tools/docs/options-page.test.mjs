// The reference of training options says what the table of options says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { trainOptions } from "@kindred/trainer";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { optionsPage } from "./options-page.mjs";

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
