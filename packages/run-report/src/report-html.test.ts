import { trainConfig, type TrainEvent } from "@kindred/trainer";
import { expect, test } from "vitest";
import { reportHtml } from "./report-html.ts";

const events: TrainEvent[] = [
  {
    type: "start",
    output: "runs/<x>",
    config: trainConfig({}),
    loss: { name: "contrastive", options: { scale: 20 } },
    optimizer: { name: "adamw", options: {} },
    cores: 2,
    parameters: 1234567,
    firstStep: 0,
    lastStep: 2,
    runtime: "Node",
  },
  {
    type: "evaluation",
    step: 0,
    metrics: { "a_mrr@10": 0.01 },
    bm25: { "a_mrr@10": 0.1 },
    chance: { "a_mrr@10": 0.006 },
    seconds: 1,
  },
  {
    type: "step",
    step: 1,
    loss: 5,
    learningRate: 1e-3,
    gradientNorm: 1,
    pairsPerSecond: 10,
    tokensPerSecond: 100,
    secondsLeft: 1,
  },
  {
    type: "step",
    step: 2,
    loss: 4,
    learningRate: 2e-3,
    gradientNorm: 1,
    pairsPerSecond: 10,
    tokensPerSecond: 100,
    secondsLeft: 0,
  },
  {
    type: "evaluation",
    step: 2,
    metrics: { "a_mrr@10": 0.2 },
    bm25: { "a_mrr@10": 0.1 },
    chance: { "a_mrr@10": 0.006 },
    seconds: 1,
  },
  {
    type: "examples",
    examples: [{ query: "<b>", answers: ["right"], neighbours: [{ text: "right", similarity: 0.5 }] }],
  },
  {
    type: "done",
    seconds: 3,
    steps: 2,
    finalLoss: 4,
    model: "m",
    metrics: { "a_mrr@10": { before: 0.01, after: 0.2, bm25: 0.1 } },
  },
];

test("a report shows the run, holds nothing from elsewhere and runs no script", () => {
  const html = reportHtml(events);
  expect(html).toContain("1,234,567 parameters");
  expect(html).toContain("final loss 4.0000");
  expect(html).toContain('<td class="number">0.2000</td><td class="number">0.1000</td>');
  expect(html).toContain("<strong>right</strong>");
  expect(html).toContain("&#60;b&#62;");
  expect(html).not.toMatch(/<script|(src|href)=|https?:/);
});

test("a run that has only begun has a report too", () => {
  expect(reportHtml(events.slice(0, 1))).toContain("has not ended");
  expect(reportHtml([])).toContain("<html");
});
