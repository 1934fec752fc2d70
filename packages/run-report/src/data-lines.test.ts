import { expect, test } from "vitest";
import { columnsText, estimateLines, memoryText, overlapLines } from "./data-lines.ts";

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
