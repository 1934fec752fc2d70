import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { key, rowsSource, streamSource, take, unlikeRows } from "../test-support/toy-sources.ts";
import { type Batch, createSampler, type RowsSource, type SamplerOptions } from "./index.ts";

type Labelled = { readonly texts: readonly string[]; readonly label: number | undefined };

const groupBy = ({ label }: Labelled) => label;

function labelledSource(name: string, rows: readonly Labelled[]): RowsSource<Labelled> {
  return { name, weight: 1, columns: 1, length: rows.length, row: (i) => rows[i]! }; // `!`: 0 ≤ i < length
}

const rowsOf = (labels: readonly number[], name = "row") =>
  labels.map((label, i) => ({ texts: [`${name} ${i}`], label }));

function expectTwos(batches: readonly Batch<Labelled>[]) {
  for (const { rows } of batches)
    for (const { row } of rows)
      expect(rows.filter((other) => other.row.label === row.label).length).toBeGreaterThanOrEqual(2);
}

test("every row of a batch has another of its label there; a row without one is left out and counted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 2 }),
      fc.constantFrom("batch", "rounds", "proportional", "round_robin"),
      fc.constantFrom("shuffle", "file"),
      fc.integer({ min: 1, max: 3 }),
      async (sets, mixing, order, half) => {
        const sources = sets.map((labels, i) => labelledSource(`s${i}`, rowsOf(labels, `s${i}`)));
        const options: SamplerOptions<Labelled> = {
          sources,
          batchSize: 2 * half,
          key,
          mixing,
          order,
          epochs: 2,
          groupBy,
        };
        const sampler = createSampler(options);
        const batches: Batch<Labelled>[] = [];
        for (let batch = await sampler.next(); batch !== undefined; batch = await sampler.next()) batches.push(batch);
        expectTwos(batches);
        if (mixing === "round_robin") return;
        for (const [i, labels] of sets.entries()) {
          const odd = new Set(labels.filter((label) => labels.filter((one) => one === label).length % 2 === 1));
          expect(sampler.counts[i]).toMatchObject({ read: 2 * labels.length, alone: 2 * odd.size, waiting: 0 });
        }
      },
    ),
  );
  const sources = [labelledSource("s", rowsOf(Array.from({ length: 60 }, (_, i) => i % 20)))];
  const options = { sources, batchSize: 6, key, epochs: 1 };
  const grouped = createSampler({ ...options, groupBy });
  expectTwos([(await grouped.next())!]); // `!`: there are ten batches
  await expectMutantToFail(async () => expectTwos([(await createSampler(options).next())!])); // `!`: likewise
});

test("one of a large label and others of small ones meet in a batch", async () => {
  const labels = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 0 : 1 + (i % 40)));
  const sampler = createSampler({ sources: [labelledSource("s", rowsOf(labels))], batchSize: 16, key, groupBy });
  for (let i = 0; i < 25; i++)
    expect(new Set((await sampler.next())?.rows.map(({ row }) => row.label)).size).toBeGreaterThan(1);
});

test("equal texts of a label do not come together, and a row of one text twice goes alone", async () => {
  const twice = ["a", "a", "b", "c"].map((text) => ({ texts: [text], label: 1 }));
  const sampler = createSampler({
    sources: [labelledSource("s", twice)],
    batchSize: 4,
    key,
    order: "file",
    groupBy,
    epochs: 1,
  });
  expect((await sampler.next())?.rows.map(({ index }) => index)).toEqual([0, 2]);
  expect((await sampler.next())?.rows.map(({ index }) => index)).toEqual([1, 3]);
  expect(sampler.counts).toMatchObject([{ deferred: 2, alone: 0 }]);
  const pairs = [
    ["a", "a"],
    ["b", "c"],
    ["d", "e"],
  ].map((texts) => ({ texts, label: 1 }));
  const whole = createSampler({
    sources: [{ ...labelledSource("s", pairs), columns: 2 }],
    batchSize: 2,
    key,
    groupBy,
    epochs: 1,
  });
  expect((await whole.next())?.rows.map(({ index }) => index).sort()).toEqual([1, 2]);
  expect(await whole.next()).toBeUndefined();
  expect(whole.counts).toMatchObject([{ repetitive: 1, alone: 0 }]);
});

test("refuses odd batches, streams and rows without a label", async () => {
  const options = { sources: [labelledSource("s", rowsOf([1, 1, 2, 2]))], batchSize: 2, key, groupBy };
  expect(() => createSampler({ ...options, batchSize: 3 })).toThrow("rows of a label come in twos. Got batchSize 3");
  const stream = streamSource("t", 1, unlikeRows("t", 9, 1));
  expect(() => createSampler({ sources: [stream], batchSize: 2, key, groupBy: () => 1 })).toThrow(
    "Got t, which is streamed",
  );
  const bare = rowsSource("u", 1, unlikeRows("u", 9, 1));
  await expect(
    take(createSampler({ sources: [bare], batchSize: 2, key, groupBy: () => undefined }), 1),
  ).rejects.toThrow("has no label to be grouped by");
});
