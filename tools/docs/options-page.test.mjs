// The reference of training options says what the table of options says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serveFlags } from "@kindred/encode";
import { distillOwnOptions, distillStaticFlags, mineFlags, prepareFlags } from "@kindred/train";
import { trainOptions } from "@kindred/trainer";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { optionsPage } from "./options-page.mjs";

test("docs/options.md is what the options make of it: if not, run node tools/docs/write-options.mjs", () => {
  expect(readFileSync(join(root, "docs", "options.md"), "utf8")).toBe(optionsPage());
});

test("every option has one row of four cells, its description last", () => {
  const rows = optionsPage().split("\n");
  const { ownNode: _own, help: _help, version: _version, ...ofMine } = mineFlags;
  const { ownNode: _own2, help: _help2, version: _version2, ...ofPrepare } = prepareFlags;
  const { ownNode: _own3, help: _help3, ...ofServe } = serveFlags;
  const { ownNode: _own4, help: _help4, version: _version4, ...ofStatic } = distillStaticFlags;
  const all = [trainOptions, distillOwnOptions, ofStatic, ofMine, ofPrepare, ofServe].flatMap((table) =>
    Object.entries(table),
  );
  for (const [name, { description }] of all) {
    const own = rows.filter((row) => row.startsWith(`| \`${name}\` `)).map((row) => row.split("|").slice(1, -1));
    const described = own.filter((cells) => cells[3]?.replaceAll("\\", "").trim() === description);
    const same = all.filter(([other, option]) => other === name && option.description === description).length;
    expect([name, described.length, described[0]?.length]).toEqual([name, same, 4]);
  }
});
