import { ConfigError } from "@kindred/errors";
import { lossShare } from "@kindred/loss";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cosineOf,
  dotOf,
  type DrawnLoss,
  logSumExpOf,
  lossLaws,
  type Matrix,
  meanOf,
  sumOf,
} from "../../loss/test-support/loss-laws.ts";
import { type ScoreMatchingOptions, scoreMatching } from "./index.ts";

type Choice = Required<ScoreMatchingOptions>;

const softmax = (scores: readonly number[]) => scores.map((score) => score - logSumExpOf(scores));

const drawn = (options: Choice, ownCounts = false): DrawnLoss => ({
  loss: scoreMatching(options),
  reference: ({ columns, scores, vectors }) => {
    const { targets, similarity, scale, teacherScale } = options;
    const alike = similarity === "dot" ? dotOf : cosineOf;
    const inBatch = ([first, ...others]: readonly Matrix[]) =>
      first!.map((row, i) =>
        others.length > 0
          ? others.flat().map((other) => alike(row, other))
          : first!.flatMap((other, j) => (i === j && !ownCounts ? [] : [alike(row, other)])),
      );
    const student =
      targets === "teacher"
        ? inBatch(columns)
        : columns[0]!.map((row, i) => columns.slice(1).map((column) => alike(row, column[i]!)));
    const teacher = targets === "teacher" ? inBatch(vectors["teacher"]!) : scores;
    const divergences = student.map((row, i) => {
      const [p, q] = [softmax(teacher[i]!.map((x) => x * teacherScale)), softmax(row.map((x) => x * scale))];
      return sumOf(p.map((log, k) => Math.exp(log) * (log - q[k]!)));
    });
    return meanOf(divergences) / scale ** 2;
  },
});

const factors = { scale: fc.constantFrom(0.5, 1, 4), teacherScale: fc.constantFrom(1, 3) };
const similarity = fc.constantFrom("cosine" as const, "dot" as const);
// Products of up to 5 · 4.5² times 4, off by some 8 · 2⁻²⁴ of that, of which a quarter squared is left; less at smaller scales.
const tolerance = 1e-4;

describe("laws, by scores", () => {
  lossLaws({
    columns: { min: 3, max: 5 },
    scores: "candidate",
    losses: fc
      .record({ targets: fc.constant("scores" as const), similarity, ...factors })
      .map((options) => drawn(options)),
    mutants: {
      "cosines instead of products": () =>
        drawn({ targets: "scores", similarity: "cosine", scale: 1, teacherScale: 1 }),
      "another temperature": () => drawn({ targets: "scores", similarity: "dot", scale: 2, teacherScale: 1 }),
    },
    tolerance,
  });
});

describe("laws, by a teacher", () => {
  const choice = { targets: "teacher", similarity: "cosine", scale: 4, teacherScale: 3 } as const;
  lossLaws({
    rows: { min: 2, max: 5 },
    columns: { min: 1, max: 3 },
    losses: fc
      .record({ targets: fc.constant("teacher" as const), similarity, ...factors })
      .map((options) => drawn(options)),
    mutants: {
      "a text is a candidate of its own": () => drawn(choice, true),
      "products instead of cosines": () => drawn({ ...choice, similarity: "dot" }),
    },
    tolerance,
  });
});

test("a student that agrees has nothing to learn, whatever the scale", () => {
  const rows = tf.tensor2d([
    [1, 2],
    [3, 1],
    [0, 1],
  ]);
  const vectors = { teacher: [{ embeddings: Float32Array.of(1, 2, 3, 1, 0, 1), dimension: 2 }] };
  for (const scale of [1, 20, 50])
    expect(lossShare(scoreMatching({ targets: "teacher", scale }), [rows], { vectors }).dataSync()[0]).toBeCloseTo(
      0,
      6,
    );
});

test("what it needs and its usual similarity follow from where the scores are from; options out of range are refused", () => {
  expect(scoreMatching()).toMatchObject({
    needs: { texts: { least: 3 }, scores: "candidate" },
    options: { similarity: "dot", scale: 1, teacherScale: 1 },
  });
  expect(scoreMatching({ targets: "teacher" })).toMatchObject({
    needs: { texts: { least: 1 }, vectors: ["teacher"] },
    options: { similarity: "cosine", scale: 20, teacherScale: 20 },
  });
  expect(() => scoreMatching({ scale: 0 })).toThrow(ConfigError);
});
