import { childKey, uniformAt } from "@kindred/random";
import { expectMutantToFail } from "@kindred/testing";
import { expect, test } from "vitest";
import { key, rowsOf, rowsSource, streamSource, take, unlikeRows } from "../test-support/toy-sources.ts";
import { createSampler, type SamplerOptions } from "./index.ts";

// An hour's worth of steps in miniature: 400 batches of 50. With n draws the share of a source is within
// 5 · √(p(1 − p)/n) of its weight p except once in a million; the mutant's shares are off by 0.2 and more.
const weights = [1, 2, 5];
const sources = weights.map((weight, i) => rowsSource(`s${i}`, weight, unlikeRows(`s${i}`, 300)));

async function expectShares(
  options: Partial<SamplerOptions>,
  batches: number,
  draws: number,
  expected: readonly number[],
) {
  const sampler = createSampler({ sources, batchSize: 50, key, ...options });
  await take(sampler, batches);
  const total = sampler.counts.reduce((sum, { emitted }) => sum + emitted, 0);
  expect(total).toBe(50 * batches);
  for (const [i, { emitted }] of sampler.counts.entries()) {
    const share = expected[i]! / expected.reduce((sum, one) => sum + one);
    expect(Math.abs(emitted / total - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / draws));
  }
}

test("row by row, frequencies approach the weights", async () => {
  await expectShares({}, 400, 400 * 50, weights);
  await expectMutantToFail(() => expectShares({}, 400, 400 * 50, [1, 1, 1]));
});

test("in rounds, frequencies of runs approach the weights", async () => {
  await expectShares({ mixing: "rounds", roundSteps: 1 }, 2000, 2000, weights);
  await expectMutantToFail(() => expectShares({ mixing: "rounds", roundSteps: 1 }, 2000, 2000, [1, 1, 1]));
});

test("in rounds, each run of roundSteps batches has one source", async () => {
  const batches = await take(createSampler({ sources, batchSize: 50, key, mixing: "rounds", roundSteps: 3 }), 60);
  const runs = Array.from(
    { length: 20 },
    (_, i) => new Set(batches.slice(3 * i, 3 * i + 3).flatMap(({ rows }) => rows.map(({ source }) => source))),
  );
  expect(runs.every((run) => run.size === 1)).toBe(true);
  expect(new Set(runs.flatMap((run) => [...run])).size).toBe(3);
});

test("a batch, and a round, has one number of columns; weight 0 is never drawn", async () => {
  const mixed = [
    rowsSource("two a", 1, unlikeRows("two a", 200)),
    rowsSource("three", 1, unlikeRows("three", 200, 3)),
    rowsSource("never", 0, unlikeRows("never", 200)),
    streamSource("two b", 1, unlikeRows("two b", 200)),
  ];
  for (const mixing of ["batch", "rounds"] as const) {
    const batches = await take(
      createSampler({ sources: mixed, batchSize: 8, key, mixing, roundSteps: 1, runsPerRound: 2 }),
      200,
    );
    const columns = batches.map(({ rows }) => [...new Set(rows.map(({ row }) => row.texts.length))]);
    expect(columns.every((counts) => counts.length === 1)).toBe(true);
    if (mixing === "rounds") for (let i = 0; i < 200; i += 2) expect(columns[i]).toEqual(columns[i + 1]);
    const drawn = new Set(batches.flatMap(({ rows }) => rows.map(({ source }) => source)));
    expect([...drawn].sort()).toEqual([0, 1, 3]);
    if (mixing === "batch")
      expect(batches.some(({ rows }) => new Set(rows.map(({ source }) => source)).size === 2)).toBe(true);
  }
});

test("is the original's producer: runs by weight, duplicates dropped over the round, files in order and without end", async () => {
  const texts = (n: number, i: number) => [`q${(i * i) % (3 * n)}`, `r${i % (2 * n)}`];
  const files = [40, 60].map((n, f) => Array.from({ length: 150 }, (_, i) => texts(n, i + 17 * f)));
  const sampler = createSampler({
    sources: files.map((rows, f) => streamSource(`f${f}`, f + 1, rows)),
    batchSize: 4,
    key,
    mixing: "rounds",
    roundSteps: 2,
    runsPerRound: 2,
    duplicates: "drop",
    duplicateScope: "round",
    order: "file",
  });
  const expected: string[][] = [];
  const places = [0, 0];
  let draws = 0;
  for (let round = 0; round < 10; round++) {
    const inRound = new Set<string>();
    for (let run = 0; run < 2; run++) {
      const f = uniformAt(childKey(key, "mixture"), draws++) < 1 / 3 ? 0 : 1;
      for (let step = 0; step < 2; step++) {
        const batch: string[] = [];
        while (batch.length < 4) {
          const row = places[f]!++ % 150;
          if (files[f]![row]!.some((text) => inRound.has(text))) continue;
          for (const text of files[f]![row]!) inRound.add(text);
          batch.push(`${f}:${row}`);
        }
        expected.push(batch);
      }
    }
  }
  expect(rowsOf(await take(sampler, 40))).toEqual(expected);
});
