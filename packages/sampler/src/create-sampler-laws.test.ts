import { keyFromSeed } from "@kindred/random";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { key, rowsOf, rowsSource, streamSource, take, unlikeRows } from "../test-support/toy-sources.ts";
import { type Batch, createSampler, type SamplerCursor, type SamplerOptions, type Source } from "./index.ts";

// Few texts, so that duplicates are everywhere, within rows, sources and across them.
const text = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "a ", "A");
const arbitrarySource = fc.record({
  weight: fc.constantFrom(0.5, 1, 3),
  isStream: fc.boolean(),
  rows: fc
    .integer({ min: 1, max: 3 })
    .chain((columns) =>
      fc.array(fc.array(text, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 12 }),
    ),
});
const arbitrarySources = fc
  .array(arbitrarySource, { minLength: 1, maxLength: 3 })
  .map((drawn) =>
    drawn.map(({ weight, isStream, rows }, i) => (isStream ? streamSource : rowsSource)(`s${i}`, weight, rows)),
  );
const arbitraryMixing = fc.constantFrom<Partial<SamplerOptions>>(
  { mixing: "batch" },
  { mixing: "rounds", roundSteps: 2 },
  { mixing: "rounds", roundSteps: 1, runsPerRound: 3, duplicateScope: "round" },
  { mixing: "batch", temperature: 3 },
  { mixing: "proportional" },
  { mixing: "round_robin" },
);
/** Twos of texts that begin alike. */
const grouped: Partial<SamplerOptions> = { groupBy: ({ texts }) => ((texts[0] ?? "") < "d" ? "early" : "late") };
const arbitraryOptions = fc
  .record({
    sources: arbitrarySources,
    batchSize: fc.integer({ min: 1, max: 5 }),
    key: fc.nat().map((seed) => keyFromSeed(seed)),
    order: fc.constantFrom<"shuffle" | "file">("shuffle", "file"),
    duplicates: fc.constantFrom<"defer" | "drop" | "allow">("defer", "drop", "allow"),
    deferLimit: fc.constantFrom(0, 2, 100),
    epochs: fc.integer({ min: 1, max: 3 }),
    dropLast: fc.boolean(),
    mixing: arbitraryMixing,
    isGrouped: fc.boolean(),
  })
  .map(({ mixing, isGrouped, ...options }) => optionsFor(options, { ...mixing, ...(isGrouped && grouped) }));

/** Options that go together: equal weights for mixing that has none, sizes where it asks for them, rows at hand for groups. */
function optionsFor({ sources, ...options }: SamplerOptions, given: Partial<SamplerOptions>): SamplerOptions {
  const isEqual = given.mixing === "proportional" || given.mixing === "round_robin";
  const isGrouped = given.groupBy !== undefined;
  const fit = sources.map((source, i): Source => {
    const weight = isEqual ? 1 : source.weight;
    // What can't fill one batch is refused with dropLast, which is shown elsewhere.
    if (options.dropLast || isGrouped) return rowsSource(source.name, weight, [...few(i), ...unlikeRows(`g${i}`, 30)]);
    return "length" in source ? { ...source, weight } : { ...source, weight, lines: 12 };
  });
  return { ...options, ...given, batchSize: isGrouped ? 2 * options.batchSize : options.batchSize, sources: fit };
}

/** Rows that repeat each other's texts, and one its own. */
const few = (i: number) => [..."abacada", "aa"].map((text, row) => (row === 7 ? ["a", "a"] : [text, `${i} ${row}`]));

test("no text stands twice in a batch, or in a round", async () => {
  const expectDistinct = (batches: readonly Batch[]) => {
    const texts = batches.flatMap(({ rows }) => rows.flatMap(({ row }) => row.texts));
    expect(new Set(texts).size).toBe(texts.length);
  };
  await fc.assert(
    fc.asyncProperty(arbitraryOptions, async (options) => {
      const batches = await take(
        createSampler({ ...options, duplicates: options.duplicates === "drop" ? "drop" : "defer" }),
        200,
      );
      for (const batch of batches) expectDistinct([batch]);
    }),
  );
  const wide = unlikeRows("s", 40).map(([a, b], i) => [i % 2 === 0 ? a! : "stock reply", b!]);
  const round: SamplerOptions = {
    sources: [rowsSource("s", 1, wide)],
    batchSize: 2,
    key,
    mixing: "rounds",
    roundSteps: 2,
    runsPerRound: 2,
    duplicateScope: "round",
  };
  expectDistinct(await take(createSampler(round), 4));
  await expectMutantToFail(async () =>
    expectDistinct(await take(createSampler({ ...round, duplicateScope: "batch" }), 4)),
  );
  await expectMutantToFail(async () => expectDistinct(await take(createSampler({ ...round, duplicates: "allow" }), 4)));
});

test("every row of every epoch is seen or counted", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryOptions, async (options) => {
      const sampler = createSampler(options);
      const batches = await take(sampler, 1000);
      expect(await sampler.next()).toBeUndefined();
      const epochs = options.epochs!;
      for (const [source, counts] of sampler.counts.entries()) {
        const length = await lengthOf(options.sources[source]!);
        const seen = batches.flatMap(({ rows }) => rows.filter((row) => row.source === source));
        expect(counts.emitted).toBe(seen.length);
        // Taking turns is over with the shortest: rows of the others may wait then.
        if (options.mixing !== "round_robin")
          expect(counts).toMatchObject({ read: epochs * length, waiting: 0, epoch: epochs - 1 });
        expect(
          counts.emitted +
            counts.dropped +
            counts.repetitive +
            counts.overdue +
            counts.lost +
            counts.alone +
            counts.leftOver +
            counts.waiting,
        ).toBe(counts.read);
        for (let row = 0; row < length; row++)
          expect(seen.filter((one) => one.index === row).length).toBeLessThanOrEqual(epochs);
        if (options.duplicates === "allow" && !options.dropLast && options.groupBy === undefined)
          expect(counts.emitted).toBe(counts.read);
      }
    }),
  );
});

test("stop, save, resume = never stopped, at any batch, whatever the options", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryOptions, fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }), async (options, stops) => {
      const whole = createSampler(options);
      const expected = await take(whole, 1000);
      const batches: Batch[] = [];
      let cursor: SamplerCursor | undefined;
      for (const stop of [...stops, 1000]) {
        const sampler = createSampler({ ...options, cursor });
        batches.push(...(await take(sampler, stop)));
        cursor = JSON.parse(JSON.stringify(sampler.cursor())) as SamplerCursor;
        if (stop === 1000) expect(sampler.counts).toEqual(whole.counts);
      }
      expect(batches).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("without epochs: stop, save, resume = never stopped", async () => {
  const stock = unlikeRows("a", 40).map(([a, b], i): [string, string] => [i % 3 === 0 ? "stock reply" : a!, b!]);
  const sources = [
    rowsSource("a", 1, stock),
    streamSource("b", 2, unlikeRows("b", 9)),
    streamSource("c", 1, [...stock.slice(0, 4), ...unlikeRows("a", 4)]),
  ];
  for (const mixing of ["batch", "rounds"] as const) {
    const options: SamplerOptions = { sources, batchSize: 3, key, mixing };
    const first = createSampler(options);
    const before = await take(first, 20);
    // At a batch after which a row waits, so that losing it would show.
    while (first.counts.every(({ waiting }) => waiting === 0)) before.push(...(await take(first, 1)));
    const expected = (await take(createSampler(options), before.length + 37)).slice(before.length);
    const cursor = first.cursor();
    const expectSame = async (resumeFrom: SamplerCursor) => {
      expect(await take(createSampler({ ...options, cursor: resumeFrom }), 37)).toEqual(expected);
    };
    await expectSame(cursor);
    const { state } = cursor;
    const lanes = state.lanes.map((lane) => ({ ...lane, waiting: [] }));
    await expectMutantToFail(() => expectSame({ ...cursor, state: { ...state, lanes } }));
    await expectMutantToFail(() => expectSame({ ...cursor, state: { ...state, draws: state.draws + 1 } }));
  }
});

test("a new epoch has a new order, and another key has another", async () => {
  const options: SamplerOptions = { sources: [rowsSource("s", 1, unlikeRows("s", 20))], batchSize: 20, key };
  const [first, second] = rowsOf(await take(createSampler(options), 2));
  expect([...first!].sort()).toEqual([...second!].sort());
  expect(first).not.toEqual(second);
  expect(rowsOf(await take(createSampler(options), 1))).toEqual([first]);
  expect(rowsOf(await take(createSampler({ ...options, key: keyFromSeed(2) }), 1))).not.toEqual([first]);
});

test("calls of next wait for each other", async () => {
  const options: SamplerOptions = { sources: [streamSource("s", 1, unlikeRows("s", 20))], batchSize: 3, key };
  const sampler = createSampler(options);
  expect(await Promise.all([sampler.next(), sampler.next(), sampler.next()])).toEqual(
    await take(createSampler(options), 3),
  );
});

async function lengthOf(source: Source): Promise<number> {
  if ("length" in source) return source.length;
  let length = 0;
  for await (const _ of source.open(0)) length++;
  return length;
}

test("rows come out whole, as they went in, whatever they hold", async () => {
  const held = fc.record({ texts: fc.tuple(fc.uuid(), fc.uuid()), score: fc.double(), group: fc.string() });
  await fc.assert(
    fc.asyncProperty(fc.array(held, { minLength: 1, maxLength: 8 }), fc.boolean(), async (rows, isStream) => {
      async function* open(skip: number) {
        yield* rows.slice(skip);
      }
      const identity = { name: "s", weight: 1, columns: 2 };
      const source = isStream
        ? { ...identity, open }
        : { ...identity, length: rows.length, row: (i: number) => rows[i]! };
      const sampler = createSampler({ sources: [source], batchSize: 3, key, epochs: 1 });
      for (let batch = await sampler.next(); batch !== undefined; batch = await sampler.next()) {
        for (const { index, row } of batch.rows) {
          expect(row).toBe(rows[index]);
          expect(row.score).toBe(rows[index]!.score);
        }
      }
      expect(sampler.counts[0]!.emitted).toBe(rows.length);
    }),
  );
});
