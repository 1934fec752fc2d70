import { expect, test } from "vitest";
import { columnsText, estimateLines, memoryText, overlapLines, rowsLines, sourceLines } from "./data-lines.ts";

test("columns are told with what they are taken for", () => {
  const roles = [
    { role: "query", name: "question" },
    { role: "positive", name: "positive" },
    { role: "unused", name: "id" },
  ];
  expect(columnsText(roles)).toBe("question (query), positive; unused: id");
  expect(columnsText([{ role: "text" }])).toBe("text");
});

test("files of which nothing is trained on are told with how much was compared; the others are warned of", () => {
  const overlap = { evaluation: "dev", training: "a", rows: 0, compared: 1000, all: true };
  expect(overlapLines([overlap, { ...overlap, training: "b" }])).toEqual([
    "Compared dev with all 2,000 rows that are trained on: none repeats a query or a pair of it",
  ]);
  expect(overlapLines([overlap, { ...overlap, training: "b", all: false }])[0]).toContain("with the first 2,000 rows");
  expect(overlapLines([overlap, { ...overlap, training: "b", rows: 1 }])).toEqual([]);
});

test("many files are one line each time, with the sums and what stands out", () => {
  const source = (i: number) => ({
    ...{
      name: `f${i}`,
      share: 1 / 5,
      rows: i === 4 ? undefined : 100 * (i + 1),
      columns: 2,
      roles: [],
      heldOutRows: i,
    },
    ...{ truncatedShare: i / 100, duplicateRows: 1, emptyTexts: 0, characters: 9, example: ["a", "b"] },
    tokens: { mean: 10 + i, median: 9, p95: 20, longest: 30, histogram: [] },
    leftOut: i === 1 ? { badLines: 2 } : i === 2 ? { badLines: 3, blankLines: 1 } : {},
  });
  const sources = [0, 1, 2, 3, 4].map(source);
  expect(sourceLines(sources.slice(0, 3))).toHaveLength(12);
  expect(sourceLines(sources)).toEqual([
    "Data of 5 files: 1,000 rows and 1 streamed, 10 held out, left out: 5 bad lines, 1 blank lines; tokens: mean from 10.0 (f0) to 14.0 (f4), " +
      "at most 4.0 % truncated; 5 rows repeat a text. Each of them: events.jsonl, or --json",
  ]);
  const rows = [0, 1, 2, 3, 4].map((i) => ({
    ...{ name: `f${i}`, read: 10, trained: 8, waiting: 1 },
    leftOut: i === 0 ? {} : { badLines: i, ...(i === 4 && { firstRow: 1 }) },
  }));
  expect(rowsLines(rows.slice(0, 4))).toHaveLength(3); // the first file lost none
  expect(rowsLines(rows)).toEqual([
    "Rows of 4 files: 40 read, 32 trained on, 4 waiting; left out: 10 bad lines, 1 row at the beginning, thrown away as the original trainer did",
  ]);
  const overlap = { training: "a", rows: 0, compared: 1000, all: true };
  expect(overlapLines(sources.map(({ name }) => ({ ...overlap, evaluation: name })))).toEqual([
    "Compared 5 files with all 1,000 rows that are trained on: none repeats a query or a pair of them",
  ]);
});

test("an estimate says how it was come by", () => {
  const memory = { bytes: 2.5e9, shared: 1e9, weights: 5e8, chunks: 9e8, rows: 12_345 };
  expect(memoryText(memory)).toMatch(
    /^2\.5 GB \(1\.0 GB of weights, .* 500 MB of .* 900 MB for chunks .* 12 kB of rows\)$/,
  );
  const lines = estimateLines({
    type: "estimate",
    steps: 2000,
    timedSteps: 3,
    secondsPerStep: 0.5,
    evaluations: 5,
    secondsPerEvaluation: 10,
    seconds: 1050,
    memory,
    peakBytes: 2e9,
    checkpointBytes: 24e6,
  });
  expect(lines).toEqual([
    "Time: about 17 min 30 s: 2,000 steps of 0.50 s, the mean of 3 steps that were made and thrown away, and 5 evaluations of 10.0 s",
    "Memory: about 2.5 GB, derived; these steps took 2.0 GB at most",
    "Disk: 24 MB a checkpoint",
    "A dry run: nothing was written.",
  ]);
});
