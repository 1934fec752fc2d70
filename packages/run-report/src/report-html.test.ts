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
    trained: 1234567,
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
    step: 2,
    examples: [{ query: "<b>", answers: ["right"], neighbours: [{ text: "right", similarity: 0.5 }] }],
    snapshot: {
      queries: ["<i>", "q"],
      answers: ["<script>", "b"],
      cosines: [
        [0.9, 0.1],
        [0.2, 0.8],
      ],
    },
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

test("what is before and after stands side by side: matrices in one range of colours, neighbours of one query", () => {
  const before = {
    type: "examples",
    step: 0,
    examples: [{ query: "<b>", answers: ["right"], neighbours: [{ text: "wrong", similarity: 0.75 }] }],
    snapshot: {
      queries: ["q", "r"],
      answers: ["a", "b"],
      cosines: [
        [0.1, 0.1],
        [0.1, 0.1],
      ],
    },
  } as const;
  const html = reportHtml([events[0]!, before, ...events.slice(1)]); // there is a first
  expect(html.match(/<rect /g)).toHaveLength(8);
  expect(html).toContain("before, step 0");
  expect(html).toContain("after, step 2");
  expect(html).toContain("Right answers 0.850 on average, others 0.150.");
  // 0.1 is the lightest in both maps, 0.9 the darkest
  expect(html.match(/rgb\(243,246,252\)/g)).toHaveLength(5);
  expect(html.match(/rgb\(30,64,175\)/g)).toHaveLength(1);
  expect(html.indexOf("wrong")).toBeLessThan(html.indexOf("<strong>right</strong>"));
});

test("texts of others break nothing, wherever they stand", () => {
  const evil = "we|rd <b> \"x\" 'y' </style></svg><script>alert(1)</script> ![](x) \u2028";
  const metric = `${evil}_mrr@10`;
  const source = {
    ...{ name: evil, share: 1, rows: 4, heldOutRows: 1, leftOut: {}, columns: 2, truncatedShare: 0, duplicateRows: 0 },
    tokens: { mean: 2, median: 2, p95: 3, longest: 3, histogram: [{ from: 2, to: 3, texts: 8 }] },
    example: [evil, evil],
    roles: [evil],
    emptyTexts: 0,
  };
  const examples = {
    examples: [{ query: evil, answers: [evil], neighbours: [{ text: evil, similarity: 1 }] }],
    snapshot: { queries: [evil], answers: [evil], cosines: [[1]] },
  };
  const task = { name: evil, evaluator: evil, metrics: [metric], measured: 5, unit: "queries" as const };
  const all = [
    { ...events[0], output: evil, runtime: evil },
    { type: "data", sources: [source], tasks: [task], overlaps: [], warnings: [evil] },
    { type: "evaluation", step: 0, metrics: { [metric]: 0.5 }, bm25: { [metric]: 0.1 }, chance: {}, seconds: 1 },
    { type: "best", step: 1, metric, value: 0.5 },
    { type: "examples", step: 1, ...examples },
    {
      ...{ type: "done", seconds: 1, steps: 1, finalLoss: 1, model: evil },
      metrics: { [metric]: { before: 0.5, after: 0.5 } },
      best: { step: 1, metric, value: 0.5, loaded: true },
    },
  ] as unknown as TrainEvent[]; // a source holds more than the report reads
  const html = reportHtml(all);
  for (const markup of ["<b>", "<script", "![](x)".replace("[", "<["), "</style></svg>"])
    expect(html).not.toContain(markup);
  expect(html.split("we|rd &#60;b&#62;").length).toBeGreaterThan(8);
  // Every element that is opened is closed.
  for (const name of ["svg", "table", "div", "p", "h2", "h3", "td", "tr", "details", "blockquote", "title"]) {
    const count = (pattern: RegExp) => html.match(pattern)?.length ?? 0;
    expect([name, count(new RegExp(`<${name}[ >]`, "g"))]).toEqual([name, count(new RegExp(`</${name}>`, "g"))]);
  }
});

test("many metrics are folded away, the first of each task before them", () => {
  const metrics = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`m${i}`, 0.5]));
  const html = reportHtml([{ type: "evaluation", step: 0, metrics, bm25: {}, chance: {}, seconds: 1 }]);
  expect(html).toContain("<summary>32 more metrics</summary>");
  expect(html).toContain("<summary>32 more curves</summary>");
});

test("a run that has only begun has a report too", () => {
  expect(reportHtml(events.slice(0, 1))).toContain("has not ended");
  expect(reportHtml([])).toContain("<html");
});
