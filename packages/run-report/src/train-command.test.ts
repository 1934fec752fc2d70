import { trainConfig } from "@kindred/trainer";
import { expect, test } from "vitest";
import { trainCommand } from "./train-command.ts";

test("the command of a run names what is not at its default, in words of a shell", () => {
  const config = trainConfig({
    data: "my pairs.jsonl",
    maxSteps: 2000,
    batchSize: 64,
    evalData: ["dev.jsonl", "it's.jsonl"],
  });
  expect(trainCommand(config)).toBe(
    "npx kindred-train 'my pairs.jsonl' --eval-data dev.jsonl --eval-data 'it'\\''s.jsonl' --batch-size 64",
  );
});

test("that of a run of epochs says its length once, as it must, and not the steps that were counted", () => {
  const counted = { ...trainConfig({ data: "a.jsonl", epochs: 3 }), maxSteps: 46 };
  expect(trainCommand(counted)).toBe("npx kindred-train a.jsonl --epochs 3 --warmup-steps 0.1");
});

test("that of a run with a program names it", () => {
  const config = trainConfig({ data: "a.jsonl", batchSize: 8 });
  expect(trainCommand(config, "my loss.mjs")).toBe("npx kindred-train a.jsonl --program 'my loss.mjs' --batch-size 8");
});
