import type { TrainEvent } from "@kindred/trainer";
import { trainConfig } from "@kindred/trainer";
import { expect, test } from "vitest";
import { modelCard } from "./index.ts";

const start = (model: string): TrainEvent => ({
  type: "start",
  output: "run",
  config: trainConfig({ model }),
  loss: { name: "contrastive", options: {} },
  optimizer: { name: "adamw", options: {} },
  cores: 1,
  parameters: 1,
  trained: 1,
  firstStep: 0,
  lastStep: 1,
  runtime: "Node",
});

test("names the model that it was made of by id and revision, and a folder as text", () => {
  const revision = "0123456789abcdef0123456789abcdef01234567";
  const card = modelCard([start(`owner/name@${revision}`)], { maxSeqLength: 8 });
  expect(card).toMatch(/^---\nbase_model: owner\/name\nlibrary_name/);
  expect(card).toContain(`[owner/name](https://huggingface.co/owner/name), revision <code>${revision}</code>`);
  const ofFolder = modelCard([start("my `model|<b>")], { maxSeqLength: 8 });
  expect(ofFolder).not.toContain("base_model");
  expect(ofFolder).toContain("Fine-tuned from <code>my &#96;model&#124;&#60;b&#62;</code>");
});

test("a file of any name stays in its cell of the table", () => {
  const name = "we|rd `name` <b>\n[x](y)";
  const evaluation: TrainEvent = {
    type: "evaluation",
    step: 0,
    metrics: { [`${name}_mrr@10`]: 0.5 },
    bm25: {},
    chance: {},
    seconds: 1,
  };
  const row = modelCard([evaluation], { maxSeqLength: 8 })
    .split("\n")
    .find((line) => line.includes("0.5000"));
  expect(row).toBe("| we&#124;rd &#96;name&#96; &#60;b&#62; &#91;x&#93;(y)&#95;mrr@10 | 0.5000 | 0.5000 |  |  |  |");
});

const data: TrainEvent = {
  ...({ type: "data", sources: [], overlaps: [], warnings: [] } as const),
  tasks: [
    {
      name: 'd"ev: #1',
      evaluator: "retrieval",
      metrics: ['d"ev: #1_mrr@10'],
      measured: 120,
      unit: "queries",
      documents: 9,
    },
  ],
};
const evaluation: TrainEvent = {
  type: "evaluation",
  step: 0,
  metrics: { 'd"ev: #1_mrr@10': 0.5 },
  bm25: {},
  chance: {},
  seconds: 1,
};

test("hubs read results by task, dataset and metric, whatever the file is called", () => {
  const card = modelCard([start(""), data, evaluation], { maxSeqLength: 8 });
  const [, matter = ""] = card.split("---\n");
  expect(matter).toContain(`metrics:
- "mrr@10"
model-index:
- name: "A sentence encoder trained with Kindred"
  results:
  - task:
      type: "information-retrieval"
    dataset:
      name: "d\\"ev: #1"
      type: "unknown"
    metrics:
    - type: "mrr@10"
      value: 0.5
`);
  expect(card).toContain("| 0.5000 | 0.5000 |  |  | 120 queries |");
});

test("a program's loss has its own name, one of Kindred's that of sentence-transformers", () => {
  const named = (isOwn: boolean): TrainEvent => {
    const event = start("");
    const loss = { name: "triplet", options: {}, ...(isOwn && { isOwn: true as const }) };
    return event.type === "start" ? { ...event, loss } : event;
  };
  expect(modelCard([named(false)], { maxSeqLength: 8 })).toContain("\n- loss:TripletLoss\n");
  const card = modelCard([named(true)], { maxSeqLength: 8 });
  expect(card).toContain('\n- "loss:triplet"\n');
  expect(card).toContain("the triplet loss of a program");
});

test("names with underscores show them, and devices are no cores", () => {
  const begun = start("runs/_first_/a_model_");
  const config = trainConfig({ model: "runs/_first_/a_model_", backend: "xla" });
  const card = modelCard([{ ...begun, config } as TrainEvent], { maxSeqLength: 8 });
  expect(card).toContain("Fine-tuned from <code>runs/&#95;first&#95;/a_model&#95;</code>");
  expect(card).toContain("Trained with Node, on 1 device, by");
});

test("it says with which versions and by which command, and which step was the best", () => {
  const begun = start("");
  const config = trainConfig({ data: "we|rd <b>.jsonl", maxSteps: 40, loadBestModelAtEnd: true });
  const best: TrainEvent = { type: "best", step: 10, metric: "qa_mrr@10", value: 0.5 };
  const card = modelCard([{ ...begun, config } as TrainEvent, best], { maxSeqLength: 8, version: "1.2.3" });
  expect(card).toContain("The model is that of step 10, the best by <code>qa_mrr@10</code>.");
  expect(card).toContain("Trained with Kindred 1.2.3, Node, on 1 core, by");
  expect(card).toContain("npx kindred-train 'we&#124;rd &#60;b&#62;.jsonl' --max-steps 40");
});
