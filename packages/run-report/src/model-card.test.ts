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
  expect(row).toBe("| we&#124;rd &#96;name&#96; &#60;b&#62; &#91;x&#93;(y)_mrr@10 | 0.5000 | 0.5000 |  |");
});
