import { childKey, permutation, uniformAt } from "@kindred/random";
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

test("is the original's producer: runs by weight, duplicates dropped over the round, first rows lost, files without end", async () => {
  // Some rows repeat texts of others, and some hold one text twice.
  const texts = (n: number, i: number) =>
    i % 13 === 4 ? [`q${i}`, `q${i}`] : [`q${(i * i) % (3 * n)}`, `r${i % (2 * n)}`];
  const files = [40, 60, 50].map((n, f) => Array.from({ length: 150 }, (_, i) => texts(n, i + 17 * f)));
  const original = {
    batchSize: 4,
    mixing: "rounds",
    roundSteps: 2,
    runsPerRound: 2,
    duplicates: "drop",
    duplicateScope: "round",
    order: "file-first",
    ownTextTwice: "keep",
    firstRows: "lose",
  } as const satisfies Partial<SamplerOptions>;
  // A stream; a file at hand that stays in its order, as Reddit's; and one that is shuffled from its second epoch on.
  const three = [
    streamSource("f0", 1, files[0]!),
    { ...rowsSource("f1", 2, files[1]!), order: "file" as const },
    rowsSource("f2", 1, files[2]!),
  ]; // `!`: there are three files
  const orderOf = (f: number, epoch: number) =>
    f === 2 && epoch > 0 ? permutation(childKey(key, "order", "f2", epoch), 150) : undefined;

  const run = async (options: Partial<SamplerOptions>) => {
    const sampler = createSampler({ sources: three, key, ...original, ...options });
    const expected: string[][] = [];
    const places = [1, 1, 1]; // the first row of each went into counting columns
    let draws = 0;
    for (let round = 0; round < 60; round++) {
      const inRound = new Set<string>();
      for (let run = 0; run < 2; run++) {
        const uniform = uniformAt(childKey(key, "mixture"), draws++);
        const f = uniform < 1 / 4 ? 0 : uniform < 3 / 4 ? 1 : 2;
        for (let step = 0; step < 2; step++) {
          const batch: string[] = [];
          while (batch.length < 4) {
            const read = places[f]!++; // `!`: f is a file
            const row = orderOf(f, Math.floor(read / 150))?.[read % 150] ?? read % 150;
            const own = files[f]![row]!; // `!`: row is below 150
            if (own.some((text) => inRound.has(text))) continue;
            for (const text of own) inRound.add(text);
            batch.push(`${f}:${row}`);
          }
          expected.push(batch);
        }
      }
    }
    expect(rowsOf(await take(sampler, 240))).toEqual(expected);
    expect(sampler.counts.every(({ lost, epoch }) => lost === 1 && epoch > 0)).toBe(true);
  };
  await run({});
  for (const [name, clean] of Object.entries({
    duplicates: "defer",
    duplicateScope: "batch",
    order: "shuffle",
    ownTextTwice: "drop",
    firstRows: "keep",
    roundSteps: 3,
    runsPerRound: 1,
  }))
    await expectMutantToFail(() => run({ [name]: clean }));
});
