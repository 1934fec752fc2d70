import { trainConfig, type TrainEvent } from "@kindred/trainer";
import { expect, test } from "vitest";
import { terminalReader } from "./terminal-reader.ts";

const events: TrainEvent[] = [
  {
    type: "start",
    output: "out",
    config: trainConfig({}),
    loss: { name: "contrastive", options: { scale: 20 } },
    optimizer: { name: "adamw", options: {} },
    cores: 2,
    parameters: 1000,
    trained: 1000,
    firstStep: 0,
    lastStep: 10,
    runtime: "Node",
  },
  {
    type: "step",
    step: 5,
    loss: 2.5,
    learningRate: 0,
    gradientNorm: 1,
    pairsPerSecond: 99.6,
    tokensPerSecond: 1,
    secondsLeft: 61,
  },
  { type: "evaluation", step: 5, metrics: { "a_mrr@10": 0.25 }, bm25: { "a_mrr@10": 0.1 }, chance: {}, seconds: 1 },
  {
    type: "done",
    seconds: 70,
    steps: 10,
    finalLoss: 1.5,
    model: "out/model",
    metrics: { "a_mrr@10": { before: 0.1, after: 0.3, bm25: 0.1 } },
  },
];

function written(isTTY: boolean): string {
  let text = "";
  const terminal = terminalReader({ isTTY, write: (more) => (text += more) });
  for (const event of events) terminal.read(event);
  return text;
}

test("progress stands in one line on a terminal, and is wiped before what follows", () => {
  expect(written(true)).toContain(
    "\r\u001b[K██████████░░░░░░░░░░ step 5/10  loss 2.5000  rate 0  100 pairs/s  1 min 1 s left\r\u001b[KEvaluation at step 5",
  );
});

test("elsewhere there are plain lines and no control characters", () => {
  const text = written(false);
  for (const control of ["\r", "\u001b"]) expect(text).not.toContain(control);
  expect(text.split("\n")).toContain("Evaluation at step 5: a_mrr@10 0.2500 (BM25 0.1000)");
});

test("what an engine compiles is a line each, with the reason", () => {
  let text = "";
  const terminal = terminalReader({ write: (more) => (text += more) });
  const program = { program: "a1".repeat(32), seconds: 3.21, reason: "nothing was recorded yet" };
  for (const fromCache of [false, true]) terminal.read({ type: "compile", step: 1, fromCache, ...program });
  expect(text).toBe(
    "Compiled a program in 3.2 s, as nothing was recorded yet\nLoaded a compiled program in 3.2 s, as nothing was recorded yet\n",
  );
});

test("the verdict gives the metric before and after, beside BM25", () => {
  expect(written(false)).toContain(
    "Verdict: a_mrr@10 0.1000 → 0.3000, BM25 0.1000, 3.00 × BM25; 10 steps in 1 min 10 s, final loss 1.5000",
  );
});

test("the verdict of few tasks is the first one's, of many their mean", () => {
  const verdictOf = (tasks: number) => {
    let text = "";
    const terminal = terminalReader({ write: (more) => (text += more) });
    const names = Array.from({ length: tasks }, (_, i) => `t${i}`);
    const task = { evaluator: "retrieval", unit: "queries", measured: 100, documents: 100 } as const;
    const listed = names.map((name) => ({ ...task, name, metrics: [`${name}_mrr@10`] }));
    terminal.read({ type: "data", sources: [], tasks: listed, overlaps: [], warnings: [] });
    const metrics = Object.fromEntries(
      ["mean", ...names].map((name, i) => [`${name}_mrr@10`, { before: 0.1, after: 0.2 + i / 10 }]),
    );
    terminal.read({ type: "done", seconds: 70, steps: 40, finalLoss: 1.5, model: "out/model", metrics });
    return /Verdict: (\S+)/.exec(text)?.[1];
  };
  expect([2, 3, 4].map(verdictOf)).toEqual(["t0_mrr@10", "t0_mrr@10", "mean_mrr@10"]);
});

test("the best checkpoint, an early end and a model that got worse are told", () => {
  let text = "";
  const terminal = terminalReader({ write: (more) => (text += more) });
  const best = { step: 20, metric: "a_mrr@10", value: 0.2 };
  terminal.read({ type: "best", ...best, before: { step: 10, value: 0.1 } });
  const done = { seconds: 70, steps: 40, finalLoss: 1.5, model: "out/model" } as const;
  const metrics = { "a_mrr@10": { before: 0.3, after: 0.2 } };
  const stoppedEarly = { evaluations: 2, lastStep: 100 };
  terminal.read({ type: "done", ...done, metrics, best: { ...best, loaded: true }, stoppedEarly });
  terminal.read({ type: "done", ...done, metrics, best: { ...best, loaded: false } });
  const lines = text.split("\n");
  expect(lines[0]).toBe("The best so far: a_mrr@10 0.2000 at step 20, before 0.1000 at step 10");
  expect(lines.slice(2, 6)).toEqual([
    "Stopped early, at step 40 of 100: no gain in 2 evaluations (--early-stopping-patience).",
    "The model is that of the best checkpoint: a_mrr@10 0.2000 at step 20.",
    "Warning: no checkpoint is better than the model was before training (0.3000).",
    "Verdict: a_mrr@10 0.3000 → 0.2000; 40 steps in 1 min 10 s, final loss 1.5000",
  ]);
  expect(text).toContain("The best checkpoint is not the last, which the model is: a_mrr@10 0.2000 at step 20");
});
