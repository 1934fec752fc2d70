// The page of events says what the types say.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { events, eventsPage } from "./events-page.mjs";

test("docs/events.md is what the types make of it: if not, run node tools/docs/write-events.mjs", () => {
  expect(readFileSync(join(root, "docs", "events.md"), "utf8")).toBe(eventsPage());
});

test("every event has a name and a section of its own", () => {
  const names = events().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(["start", "step", "evaluation", "best", "compile", "done"]));
  for (const name of names) expect(eventsPage().split("\n")).toContain(`## \`${name}\``);
});
