import { DataError } from "@kindred/errors";
import { sum } from "@kindred/nn";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { batchData, fitRows, type Loss, type LossNeeds, type LossRow } from "./index.ts";

const lossOf = (name: string, needs?: LossNeeds): Loss => ({
  name,
  options: {},
  over: "batch",
  ...(needs && { needs }),
  value: ([a]) => sum(a!),
});

const matches = lossOf("matches");
const judged = lossOf("judged", { texts: { least: 2, most: 2 }, scores: "row" });
const listed = lossOf("listed", { texts: { least: 3 }, scores: "candidate" });
const classed = lossOf("classed", { texts: { least: 1, most: 1 }, labels: true });
const paired = lossOf("paired", { texts: { least: 2, most: 2 }, labels: true });
const matched = lossOf("matched", { texts: { least: 2, most: 2 }, labels: "binary" });
const ahead = lossOf("ahead", { texts: { least: 3 }, scores: "margin" });
const known = [matches, judged, listed, classed, paired];

const pair = { texts: ["a", "b"] };
const triple = { texts: ["a", "b", "c"] };

test.each<readonly [Loss, LossRow]>([
  [matches, pair],
  [matches, triple],
  [judged, { ...pair, scores: [0.5] }],
  [judged, { ...pair, label: 0.5 }],
  [listed, { ...triple, scores: [0.5, -1] }],
  [classed, { texts: ["a"], label: 3 }],
  [classed, { texts: ["a"], label: "sport" }],
  [paired, { ...pair, label: 0 }],
  [paired, { ...pair, scores: [1] }],
  [matched, { ...pair, label: 0 }],
  [matched, { ...pair, scores: [1] }],
  [ahead, { ...triple, scores: [-3] }],
  [ahead, { ...triple, label: 0.25 }],
])("%#: a loss takes what it needs, a number under score or under label", (loss, row) => {
  expect(() => fitRows(loss, row, { file: "f" })).not.toThrow();
});

test.each<readonly [Loss, LossRow, string]>([
  [
    matches,
    { ...pair, label: 0 },
    "f: train: the loss matches does not look at labels, and would train a pair labelled 0 as a match. Got rows of 2 texts with label 0, " +
      "expected 2 or more texts and nothing else. Take the column out of the file, or choose a loss that takes such rows: --loss judged (or paired).",
  ],
  [
    matches,
    { ...pair, scores: [0.25] },
    "does not look at scores, and would train pairs of any score as matches. Got rows of 2 texts with score 0.25, expected 2 or more texts " +
      "and nothing else. Take the column out of the file, or choose a loss that takes such rows: --loss judged.",
  ],
  [matches, { ...pair, label: "sport" }, "choose a loss that takes such rows: --loss paired."],
  [
    matches,
    { texts: ["a"], label: 1 },
    "does not take rows of 1 text. Got rows of 1 text with label 1, expected 2 or more texts and nothing else. Choose a loss that takes such rows: --loss classed.",
  ],
  [
    judged,
    pair,
    "needs a score for each row. Got rows of 2 texts, expected 2 texts with a score. Choose a loss that takes such rows: --loss matches.",
  ],
  [judged, { ...pair, label: "sport" }, "needs a score for each row"],
  [
    judged,
    { ...pair, scores: [1, 2] },
    "Bring a loss that takes such rows, in a program (--program): no built-in one does.",
  ],
  [judged, { ...pair, scores: [1], label: 1 }, "does not look at labels"],
  [listed, { ...triple, scores: [1] }, "needs a score for each text after the first"],
  [paired, { ...pair, label: 0.5 }, "needs a label for each row, a whole number or a name"],
  [paired, { ...pair, label: 1, scores: [0.5] }, "does not look at scores"],
  [
    matched,
    { ...pair, label: 2 },
    "needs a label for each row, 1 or 0. Got rows of 2 texts with label 2, expected 2 texts with a label of 0 or 1.",
  ],
  [matched, { ...pair, label: "yes" }, "needs a label for each row, 1 or 0"],
  [ahead, { ...triple, scores: [1, 2] }, "needs a score for each text after the second"],
  [
    paired,
    { ...triple, label: 1 },
    "does not take rows of 3 texts. Got rows of 3 texts with label 1, expected 2 texts with a label.",
  ],
])("%#: data of another kind are refused, with the losses that take them", (loss, row, message) => {
  expect(() => fitRows(loss, row, { file: "f", known: () => known })).toThrow(DataError);
  expect(() => fitRows(loss, row, { file: "f", known: () => known })).toThrow(message);
});

test("a row of its own is named by its line, and losses are advised that take all rows", () => {
  const rows = [{ ...pair, label: 0.25 }];
  const fit = () => fitRows(matched, { ...pair, label: 0.5 }, { file: "f", line: 3, known: () => known, rows });
  expect(fit).toThrow("f:3: train: the loss matched needs a label for each row, 1 or 0.");
  expect(fit).toThrow("such rows: --loss judged.");
  expect(() => fitRows(matches, { ...pair, label: 1 }, { file: "f", known: () => [paired, judged], rows })).toThrow(
    "such rows: --loss judged.",
  );
});

const needs = fc.record({
  scores: fc.constantFrom(undefined, "row" as const, "candidate" as const),
  labels: fc.constantFrom(undefined, true as const),
});
const rows = fc
  .record({
    columns: fc.integer({ min: 2, max: 4 }),
    scores: fc.constantFrom(undefined, "row" as const, "candidate" as const),
    label: fc.constantFrom(undefined, "whole", "broken", "name"),
    seed: fc.nat(9),
  })
  .map(({ columns, scores, label, seed }): LossRow => {
    const names = { whole: seed, broken: seed + 0.5, name: `class ${seed}`, none: undefined };
    const value = names[label ?? "none"];
    return {
      texts: Array.from({ length: columns }, (_, i) => `${i}`),
      ...(scores && { scores: Array.from({ length: scores === "row" ? 1 : columns - 1 }, (_, i) => seed + i / 2) }),
      ...(value !== undefined && { label: value }),
    };
  });

test("what is taken is used: the batch's data hold every score and label of its rows, once", () => {
  const check = (dataOf: typeof batchData) =>
    fc.assert(
      fc.property(needs, rows, ({ scores, labels }, row) => {
        const loss = lossOf("any", { ...(scores && { scores }), ...(labels && { labels }) });
        try {
          fitRows(loss, row, { file: "f" });
        } catch {
          return;
        }
        const data = dataOf(loss, [row, row]);
        const used = [...(data.scores ?? []), ...(data.labels ?? [])];
        const held = [
          ...(row.scores ?? []),
          ...(row.label === undefined ? [] : [row.label === `${row.label}` ? -1 : row.label]),
        ];
        for (const mark of held) expect(used.filter((value) => value === mark).length).toBeGreaterThanOrEqual(2);
        expect(data.scores?.length).toBe(scores && 2 * (scores === "row" ? 1 : row.texts.length - 1));
        expect(data.labels?.length).toBe(labels && 2);
      }),
      { numRuns: 300 },
    );
  check(batchData);
  expectMutantToFail(() => check((loss, all) => batchData(loss, all.slice(1))));
});

test("worked by hand: names are numbered as they come, equal ones alike; numbers stay", () => {
  const labelled = (...labels: (number | string)[]) => labels.map((label) => ({ ...pair, label }));
  expect(batchData(paired, labelled("x", "y", "x", "z"))).toEqual({ labels: Int32Array.of(-1, -2, -1, -3) });
  expect(batchData(paired, labelled(7, 0, 7))).toEqual({ labels: Int32Array.of(7, 0, 7) });
  expect(batchData(judged, labelled(0.5, 1))).toEqual({ scores: Float32Array.of(0.5, 1) });
  expect(batchData(matches, labelled(0.5, 1))).toEqual({});
});

test("groups are told apart within a file, rows without one stand alone, sources keep their numbers", () => {
  const needing = lossOf("any", { groups: true, sources: true });
  const row = (file: string, source: number, group?: string) => ({
    ...pair,
    source,
    place: { file },
    ...(group && { group }),
  });
  const data = batchData(needing, [row("f", 1, "x"), row("f", 1), row("g", 0, "x"), row("f", 1), row("f", 1, "x")]);
  expect(data).toEqual({ groups: Int32Array.of(0, 1, 2, 3, 0), sources: Int32Array.of(1, 1, 0, 1, 1) });
  expect(() => batchData(needing, [pair])).toThrow("the sampler does not say which source it is from");
});

test("texts are numbered as they come, of all columns together", () => {
  const rows = [
    ["a", "b"],
    ["b", "a"],
    ["c", "b"],
  ].map((texts) => ({ texts }));
  const data = batchData(lossOf("any", { textIds: true }), rows);
  expect(data).toEqual({ textIds: [Int32Array.of(0, 1, 2), Int32Array.of(1, 0, 1)] });
});

test("a row of the middle that does not fit is refused with its line", () => {
  const place = { file: "f.csv", line: 7 };
  expect(() =>
    batchData(paired, [
      { ...pair, label: 1 },
      { ...pair, label: 0.5, place },
    ]),
  ).toThrow("f.csv:7: train: the row does not fit the loss paired: expected a label that is a whole number or a name.");
  expect(() => batchData(judged, [{ ...pair, place }])).toThrow(
    "f.csv:7: train: the row does not fit the loss judged: it has no score.",
  );
});
