import { writeFileSync } from "node:fs";
import { expectMutantToFail } from "@kindred/testing";
import { expect, test } from "vitest";
import { eventsOf, prepare } from "../test-support/toy-training.ts";
import { train } from "./train.ts";

/** Words of the toy vocabulary that are all in it. */
const words = ["the", "a", "old", "new", "cup", "dog", "cat", "house", "is", "that"];
/** Pairs of texts of 3 to 6 words, all different. */
const pairs = Array.from({ length: 1100 }, (_, row) => {
  const digits = Array.from({ length: 3 + (row % 4) }, (_, place) => Math.floor(row / 10 ** place) % 10);
  const text = digits.map((digit) => words[digit]).join(" ");
  return [`${text} ${row}`, `${row} that is ${text}`];
});

/** Loss and gradient norm of each step. */
async function numbersOf(maxBatchTokens: number, given: { readonly [name: string]: unknown } = {}): Promise<number[]> {
  const size = { hiddenSize: 8, intermediateSize: 16, maxSeqLength: 16, hiddenDropoutProb: 0.1 };
  const run = { batchSize: 1024, maxSteps: 1, warmupSteps: 0, holdOut: 0, evalSteps: 0, saveSteps: 0 };
  const { config } = prepare({ ...size, ...run, learningRate: 1e-3, maxBatchTokens, ...given });
  writeFileSync(config.data, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
  const events = await eventsOf(train(config));
  return events.flatMap((event) => (event.type === "step" ? [event.loss, event.gradientNorm] : []));
}

test("1,024 pairs a step have the same loss and gradient, however few tokens are run at once, on one core and on two", async () => {
  const whole = await numbersOf(1_000_000);
  expect(whole).toHaveLength(2);
  // Sums of some 16,000 tokens and 1,024 exponentials in another order: √16,000 · 2⁻²⁴ = 8e-6 of them.
  const expectSame = (numbers: readonly number[]) => expect(numbers).toBeCloseToArray(whole, { relative: 5e-5 });
  for (const maxBatchTokens of [128, 4096]) expectSame(await numbersOf(maxBatchTokens));
  expectSame(await numbersOf(300, { cores: 2 }));
  // Micro-batches that accumulate would see fewer negatives.
  const accumulated = await numbersOf(1_000_000, { batchSize: 512 });
  expectMutantToFail(() => expectSame(accumulated));
}, 120_000);

test("less than one text may have is refused", async () => {
  await expect(numbersOf(15)).rejects.toThrow("maxBatchTokens is less than one text. Got 15, expected at least");
});
