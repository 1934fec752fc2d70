import type { TaskSize } from "@kindred/trainer";
import { expect, test } from "vitest";
import { evaluationLines } from "./evaluation-lines.ts";

const task = (name: string, measured = 500): TaskSize => ({
  ...{ name, evaluator: "retrieval", measured, unit: "queries", documents: measured },
  metrics: ["mrr@10", "accuracy@1", "recall@10"].map((metric) => `${name}_${metric}`),
});

test("a task has one line: what it rests on, how far its interval reaches, what BM25 has", () => {
  const event = {
    type: "evaluation",
    step: 7,
    metrics: { "a_mrr@10": 0.25, "a_accuracy@1": 0.125, "a_recall@10": 0.5 },
    intervals: { "a_mrr@10": [0.2, 0.31] },
    bm25: { "a_mrr@10": 0.1 },
    chance: { "a_mrr@10": 0.006, "a_accuracy@1": 0.002 },
    seconds: 1,
  } as const;
  expect(evaluationLines(event, [task("a", 36)])).toEqual([
    "Evaluation at step 7, a (36 queries, too few to judge by): mrr@10 0.2500 ± 0.0550 (BM25 0.1000, chance 0.0060); accuracy@1 0.1250 (chance 0.0020)",
  ]);
});

test("21 files are one line of means, with the worst and the best of them", () => {
  const names = Array.from({ length: 21 }, (_, i) => `file_${i}`);
  const metrics = Object.fromEntries(names.map((name, i) => [`${name}_mrr@10`, i / 100]));
  const event = {
    type: "evaluation",
    step: 7,
    bm25: { "mean_mrr@10": 0.08 },
    chance: {},
    seconds: 1,
    metrics: { "mean_mrr@10": 0.1, "mean_accuracy@1": 0.05, ...metrics },
  } as const;
  expect(
    evaluationLines(
      event,
      names.map((name) => task(name)),
    ),
  ).toEqual([
    "Evaluation at step 7, mean of 21 tasks (10,500 queries): mrr@10 0.1000 (BM25 0.0800); accuracy@1 0.0500; mrr@10 from 0.0000 (file_0) to 0.2000 (file_20)",
  ]);
});
