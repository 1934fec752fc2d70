import type { TextRow } from "@kindred/datasets";
import { contrastive } from "@kindred/contrastive-loss";
import { cosent } from "@kindred/pair-losses";
import { expect, test } from "vitest";
import { overlapsOf } from "./data-checks.ts";
import { columnRoles } from "./source-summary.ts";

const place = { file: "x" };
const rowsOf = (texts: readonly (readonly string[])[]): TextRow[] => texts.map((row) => ({ texts: row, place }));
const identity = { name: "train", weight: 1, columns: 2 };

/** What is in memory, or a stream of which only the first rows are. */
function trained(rows: readonly TextRow[], inMemory = rows.length) {
  async function* open() {
    yield* rows;
  }
  const complete = inMemory === rows.length;
  const row = (i: number) => rows[i] ?? { texts: [], place };
  const source = complete ? { ...identity, length: rows.length, row } : { ...identity, open };
  return { source, training: rows.slice(0, inMemory), complete };
}

const pairs = rowsOf(Array.from({ length: 100 }, (_, i) => [`q${i}`, `a${i}`]));
// A query of the training rows, a pair turned around, and an answer to another query, which is nothing.
const dev = {
  name: "dev",
  rows: rowsOf([
    ["q3", "x"],
    ["a90", "q90"],
    ["y", "a50"],
  ]),
};

test("every row is compared, in memory or streamed, up to the most there may be", async () => {
  const overlap = { evaluation: "dev", training: "train", rows: 2, compared: 100, all: true };
  expect(await overlapsOf([trained(pairs)], [dev])).toEqual([overlap]);
  expect(await overlapsOf([trained(pairs, 10)], [dev])).toEqual([overlap]);
  expect(await overlapsOf([trained(pairs, 10)], [dev], { most: 50 })).toEqual([
    { ...overlap, rows: 1, compared: 50, all: false },
  ]);
  const halves = await overlapsOf([trained(pairs, 10), trained(pairs)], [dev], { most: 100 });
  expect(halves.map(({ compared, all }) => [compared, all])).toEqual([
    [50, false],
    [50, false],
  ]);
  expect(await overlapsOf([trained(pairs)], [])).toEqual([]);
  const stopped = AbortSignal.abort(new RangeError("enough"));
  await expect(overlapsOf([trained(pairs)], [dev], { signal: stopped })).rejects.toThrow("enough");
});

test("columns are named by what the loss takes them for; a list is one column", () => {
  const names = { texts: ["question", "answer", "wrong", "wrong"], marks: [], leftOut: ["id"] };
  expect(columnRoles(contrastive(), 4, names)).toEqual([
    { role: "query", name: "question" },
    { role: "positive", name: "answer" },
    { role: "negative", name: "wrong" },
    { role: "unused", name: "id" },
  ]);
  expect(columnRoles(cosent(), 2, { texts: ["a", "b"], marks: ["label"], leftOut: [] })).toEqual([
    { role: "first", name: "a" },
    { role: "second", name: "b" },
    { role: "score", name: "label" },
  ]);
  expect(columnRoles(contrastive(), 3, undefined).map(({ role }) => role)).toEqual(["query", "positive", "negative"]);
  expect(columnRoles({}, 1, undefined)).toEqual([{ role: "text" }]);
});
