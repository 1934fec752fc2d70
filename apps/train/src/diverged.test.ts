import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DivergenceError } from "@kindred/errors";
import { resumePoint } from "@kindred/run-folder/node";
import { trainConfig, type TrainEvent } from "@kindred/trainer";
import { expect, test } from "vitest";
import { prepare } from "../test-support/program-run.ts";
import { train } from "./train.ts";

/** What a run tells until it fails, and how it fails. */
async function failureOf(run: ReturnType<typeof prepare>): Promise<{ events: TrainEvent[]; error: DivergenceError }> {
  const events: TrainEvent[] = [];
  try {
    for await (const event of train(run.config, { program: run.program })) events.push(event);
  } catch (error) {
    if (error instanceof DivergenceError) return { events, error };
    throw error;
  }
  throw new RangeError("the run did not fail");
}

/** A program whose loss times 0/0 is taken from its seventh call on, or NaN is added to it, which leaves gradients as they are. */
const spoilt = (how: string) => `export default ({ contrastive, tf }) => {
  const whole = contrastive();
  let calls = 0;
  return { loss: { ...whole, value: (columns, context) => {
    const value = whole.value(columns, context);
    const nan = tf.scalar(Number.NaN);
    return ++calls < 7 ? value : ${how};
  } } };
};`;

const stepOf = (output: string, step: number) =>
  JSON.parse(readFileSync(join(output, `diverged-${step}`, "step.json"), "utf8"));

test.each([1, 2])(
  "a loss that is no number ends a run on %i cores: batch, step and names are kept, and so is the checkpoint before",
  async (cores) => {
    const run = prepare(spoilt("tf.mul(value, nan)"), { cores });
    const { events, error } = await failureOf(run);
    const { output } = run.config;
    const batch = join(output, "diverged-7", "batch.jsonl");
    expect(error.message).toContain("the numbers ran away at step 7. Got loss NaN and gradient norm NaN");
    expect(error.message).toContain("not finite: the gradient of embeddings.word_embeddings.weight and");
    expect(error.message).toContain(`The batch is kept in ${batch}. Look at the batch and the loss; or lower`);
    expect(events.at(-1)).toEqual({ type: "diverged", step: 7, path: batch, reason: error.message });
    expect(readFileSync(join(output, "events.jsonl"), "utf8").split("\n").at(-2)).toBe(JSON.stringify(events.at(-1)));
    expect(stepOf(output, 7)).toMatchObject({ step: 7, loss: "NaN", gradientNorm: "NaN", weights: [] });
    expect(stepOf(output, 7).gradients.length).toBeGreaterThan(10);
    expect((await resumePoint(output)).state.step).toBe(5);
    expect(existsSync(join(output, "model"))).toBe(false);
    const rows = readFileSync(batch, "utf8").trim().split("\n");
    expect(rows).toHaveLength(16);
    const lines = readFileSync(run.config.data, "utf8").split("\n");
    for (const row of rows) {
      const { texts, from, line } = JSON.parse(row);
      expect([from, lines[line - 1]]).toEqual(["pairs.jsonl", JSON.stringify(texts)]);
    }
  },
);

test("the batch that is kept can be trained on", async () => {
  const run = prepare(spoilt("tf.mul(value, nan)"));
  await failureOf(run);
  const data = join(run.config.output, "diverged-7", "batch.jsonl");
  const again = trainConfig({ ...run.config, data, holdOut: 0, stopAt: 1, output: join(run.folder, "again") });
  const steps: number[] = [];
  for await (const event of train(again)) if (event.type === "step") steps.push(event.loss);
  expect(steps).toEqual([expect.any(Number)]);
});

test("a loss alone that is no number, with a gradient that is, ends the run too, and no later checkpoint is written", async () => {
  const run = prepare(spoilt("tf.add(value, nan)"), { saveSteps: 1, saveTotalLimit: 0 });
  const { error } = await failureOf(run);
  expect(error.message).toMatch(/Got loss NaN and gradient norm [\d.]+, expected finite ones\. The batch/);
  expect(stepOf(run.config.output, 7).gradientNorm).toEqual(expect.any(Number));
  const checkpoints = readdirSync(run.config.output).filter((name) => name.startsWith("checkpoint-"));
  expect(checkpoints.sort()).toEqual([1, 2, 3, 4, 5, 6].map((step) => `checkpoint-${step}`));
});

test("weights that are no numbers are named: they ran away before the step that tells of them", async () => {
  const program = `export default ({ adamw }) => ({ optimizer: (given) => {
    const whole = adamw(given);
    return { ...whole, numbers: (step) => (step < 6 ? whole.numbers(step) : whole.numbers(step).map(() => Number.NaN)) };
  } });`;
  const run = prepare(program);
  const { error } = await failureOf(run);
  expect(error.message).toMatch(
    /ran away at step 8\. .*weight and \d+ more before the step\. The batch.* Lower learn/s,
  );
  expect(stepOf(run.config.output, 8).weights).toContain("embeddings.word_embeddings.weight");
  expect((await resumePoint(run.config.output)).state.step).toBe(5);
});
