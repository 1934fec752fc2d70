import { keyFromSeed, uniformAt, childKey } from "@kindred/random";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Batch,
  createSampler,
  type Sampler,
  type SamplerCursor,
  type SamplerOptions,
  type Source,
} from "./index.ts";

const key = keyFromSeed("sampler tests");

function rowsSource(name: string, weight: number, rows: readonly (readonly string[])[]): Source {
  return { name, weight, columns: rows[0]!.length, length: rows.length, row: (i) => rows[i]! };
}

function streamSource(name: string, weight: number, rows: readonly (readonly string[])[]): Source {
  async function* open(skip: number) {
    for (const texts of rows.slice(skip)) yield { texts };
  }
  return { name, weight, columns: rows[0]!.length, open };
}

/** Rows all of whose texts differ. */
function unlikeRows(name: string, count: number, columns = 2): string[][] {
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: columns }, (_, column) => `${name} ${row} ${column}`),
  );
}

/** At most so many batches: all of them, where there is an end. */
async function take(sampler: Sampler, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (let i = 0; i < count; i++) {
    const batch = await sampler.next();
    if (batch === undefined) break;
    batches.push(batch);
  }
  return batches;
}

const rowsOf = (batches: readonly Batch[]) =>
  batches.map(({ rows }) => rows.map(({ source, row }) => `${source}:${row}`));

describe("worked examples", () => {
  test("file order, a duplicate waits for the next batch", async () => {
    const rows = [
      ["a", "1"],
      ["a", "2"],
      ["b", "3"],
      ["c", "4"],
    ];
    for (const source of [rowsSource("s", 1, rows), streamSource("s", 1, rows)]) {
      const sampler = createSampler({ sources: [source], batchSize: 2, key, order: "file", epochs: 1 });
      expect(rowsOf(await take(sampler, 9))).toEqual([
        ["0:0", "0:2"],
        ["0:1", "0:3"],
      ]);
      expect(sampler.counts).toEqual([
        { name: "s", read: 4, emitted: 4, deferred: 1, dropped: 0, waiting: 0, epoch: 0 },
      ]);
    }
  });

  test("dropped duplicates are lost and counted, allowed ones stay", async () => {
    const sources = [
      rowsSource("s", 1, [
        ["a", "1"],
        ["a", "2"],
        ["b", "b"],
        ["c", "4"],
      ]),
    ];
    const dropping = createSampler({ sources, batchSize: 2, key, order: "file", epochs: 1, duplicates: "drop" });
    expect(rowsOf(await take(dropping, 9))).toEqual([["0:0", "0:3"]]);
    expect(dropping.counts).toMatchObject([{ read: 4, emitted: 2, dropped: 2 }]);
    const allowing = createSampler({ sources, batchSize: 2, key, order: "file", epochs: 1, duplicates: "allow" });
    expect(rowsOf(await take(allowing, 9))).toEqual([
      ["0:0", "0:1"],
      ["0:2", "0:3"],
    ]);
  });

  test("a source smaller than a batch gives smaller batches, an epoch each", async () => {
    const sampler = createSampler({ sources: [rowsSource("s", 1, unlikeRows("s", 3))], batchSize: 8, key, epochs: 2 });
    const batches = rowsOf(await take(sampler, 9)).map((rows) => rows.sort());
    expect(batches).toEqual([
      ["0:0", "0:1", "0:2"],
      ["0:0", "0:1", "0:2"],
    ]);
  });

  test("beyond deferLimit the oldest waiting row is dropped and counted", async () => {
    const rows = [
      ["a", "1"],
      ["a", "2"],
      ["a", "3"],
      ["a", "4"],
      ["b", "5"],
    ];
    const sampler = createSampler({
      sources: [rowsSource("s", 1, rows)],
      batchSize: 2,
      key,
      order: "file",
      epochs: 1,
      deferLimit: 2,
    });
    expect(rowsOf(await take(sampler, 9))).toEqual([["0:0", "0:4"], ["0:2"], ["0:3"]]);
    expect(sampler.counts).toMatchObject([{ read: 5, emitted: 4, deferred: 3, dropped: 1, waiting: 0 }]);
  });
});

describe("mixing", () => {
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
      const columns = batches.map(({ rows }) => [...new Set(rows.map(({ texts }) => texts.length))]);
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
});

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
);
const arbitraryOptions = fc
  .record({
    sources: arbitrarySources,
    batchSize: fc.integer({ min: 1, max: 5 }),
    key: fc.nat().map((seed) => keyFromSeed(seed)),
    order: fc.constantFrom<"shuffle" | "file">("shuffle", "file"),
    duplicates: fc.constantFrom<"defer" | "drop" | "allow">("defer", "drop", "allow"),
    deferLimit: fc.constantFrom(0, 2, 100),
    epochs: fc.integer({ min: 1, max: 3 }),
    mixing: arbitraryMixing,
  })
  .map(({ mixing, ...options }): SamplerOptions => ({ ...options, ...mixing }));

describe("laws", () => {
  test("no text stands twice in a batch, or in a round", async () => {
    const expectDistinct = (batches: readonly Batch[]) => {
      const texts = batches.flatMap(({ rows }) => rows.flatMap((row) => row.texts));
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
    await expectMutantToFail(async () =>
      expectDistinct(await take(createSampler({ ...round, duplicates: "allow" }), 4)),
    );
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
          expect(counts).toMatchObject({ read: epochs * length, emitted: seen.length, waiting: 0, epoch: epochs - 1 });
          expect(counts.emitted + counts.dropped).toBe(counts.read);
          for (let row = 0; row < length; row++)
            expect(seen.filter((one) => one.row === row).length).toBeLessThanOrEqual(epochs);
          if (options.duplicates === "allow") expect(counts.dropped).toBe(0);
        }
      }),
    );
  });

  test("stop, save, resume = never stopped, at any batch, whatever the options", async () => {
    await fc.assert(
      fc.asyncProperty(
        arbitraryOptions,
        fc.array(fc.nat(6), { minLength: 1, maxLength: 4 }),
        async (options, stops) => {
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
        },
      ),
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
});

async function lengthOf(source: Source): Promise<number> {
  if ("length" in source) return source.length;
  let length = 0;
  for await (const _ of source.open(0)) length++;
  return length;
}

describe("refusals", () => {
  const one = rowsSource("s", 1, unlikeRows("s", 5));
  const options: SamplerOptions = { sources: [one], batchSize: 2, key };

  test.each<[string, Partial<SamplerOptions>, string]>([
    ["no source", { sources: [] }, "nothing to draw from. Got 0 sources"],
    ["weights of 0", { sources: [{ ...one, weight: 0 }] }, "nothing to draw from"],
    ["a negative weight", { sources: [{ ...one, weight: -1 }] }, "the weight of s is wrong. Got -1"],
    ["two sources of one name", { sources: [one, one] }, "two sources have one name. Got s twice"],
    ["an empty source", { sources: [{ ...one, length: 0 }] }, "length of s is wrong. Got 0"],
    ["no columns", { sources: [{ ...one, columns: 0 }] }, "columns of s is wrong. Got 0"],
    ["half a batch", { batchSize: 0.5 }, "batchSize is wrong. Got 0.5, expected a whole number from 1 up"],
    ["no epoch", { epochs: 0 }, "epochs is wrong. Got 0"],
    [
      "an unknown mixing",
      { mixing: "round" as "rounds" },
      'unknown mixing. Got "round", expected "batch" or "rounds". Did you mean "rounds"?',
    ],
    ["an unknown rule for duplicates", { duplicates: "delete" as "drop" }, 'unknown duplicates. Got "delete"'],
    ["a scope of rounds without rounds", { duplicateScope: "round" }, "there are no rounds"],
  ])("refuses %s", (_, wrong, message) => {
    const make = () => createSampler({ ...options, ...wrong });
    expect(make).toThrow(expect.objectContaining({ name: "ConfigError", exitCode: 2 }));
    expect(make).toThrow(message);
  });

  test("refuses to loop over a source with too few different rows", async () => {
    const few = [...unlikeRows("s", 2), ...unlikeRows("s", 2)];
    for (const source of [rowsSource("few", 1, few), streamSource("few", 1, few)]) {
      for (const mixing of ["batch", "rounds"] as const) {
        const sampler = createSampler({ sources: [source], batchSize: 3, key, mixing });
        await expect(sampler.next()).rejects.toThrow(
          "few: createSampler: too few different rows. Got 2 without a text in common, expected batchSize = 3.",
        );
      }
    }
    const same = createSampler({ sources: [rowsSource("same", 1, [["a", "a"]])], batchSize: 1, key });
    await expect(same.next()).rejects.toThrow("same: createSampler: too few different rows. Got 0");
  });

  test("a source with too few rows among others is no reason to refuse", async () => {
    const sampler = createSampler({ sources: [rowsSource("tiny", 10, unlikeRows("tiny", 1)), one], batchSize: 4, key });
    expect((await take(sampler, 50)).every(({ rows }) => rows.length === 4)).toBe(true);
    expect(sampler.counts.every(({ waiting }) => waiting <= 5)).toBe(true);
  });

  test("refuses a cursor of other data or options, naming the difference", () => {
    const rows = unlikeRows("s", 5);
    const cursor = createSampler(options).cursor();
    const refused: [Partial<SamplerOptions>, string][] = [
      [{ sources: [rowsSource("s", 1, rows.slice(1))] }, "Got length of s = 4, expected 5 as it was saved"],
      [{ sources: [rowsSource("s", 1, rows.with(2, ["other", "text"]))] }, "Got rows of s = hash"],
      [{ sources: [rowsSource("s", 2, rows)] }, "Got weight of s = 2, expected 1 as it was saved"],
      [{ sources: [rowsSource("t", 1, rows)] }, "Got sources = t, expected s as it was saved"],
      [{ sources: [{ ...one, fingerprint: "new" }] }, "Got fingerprint of s = new, expected none as it was saved"],
      [{ batchSize: 3 }, "Got batchSize = 3, expected 2 as it was saved"],
      [{ key: keyFromSeed(7) }, "Got key = "],
    ];
    for (const [changed, message] of refused) {
      expect(() => createSampler({ ...options, ...changed, cursor })).toThrow(message);
    }
    expect(() => createSampler({ ...options, cursor: {} as SamplerCursor })).toThrow(
      "not a cursor. Got version undefined, expected 1",
    );
  });

  test("refuses a row with another number of texts, an empty stream, and a stream that lost a row that waits", async () => {
    const odd = { ...one, columns: 3 } as Source;
    await expect(createSampler({ ...options, sources: [odd] }).next()).rejects.toThrow(
      "does not fit. Got 2 texts, expected 3",
    );
    const empty: Source = { name: "empty", weight: 1, columns: 2, async *open() {} };
    await expect(createSampler({ ...options, sources: [empty] }).next()).rejects.toThrow(
      "empty: createSampler: the source is empty.",
    );
    const rows = [
      ["a", "1"],
      ["b", "2"],
      ["b", "3"],
      ["c", "4"],
    ];
    const sampler = createSampler({ ...options, sources: [streamSource("s", 1, rows)], batchSize: 3 });
    await sampler.next();
    const resumed = createSampler({
      ...options,
      sources: [streamSource("s", 1, rows.slice(0, 2))],
      batchSize: 3,
      cursor: sampler.cursor(),
    });
    await expect(resumed.next()).rejects.toThrow(
      "s: createSampler: the source has become shorter. Got 2 rows, expected row 2.",
    );
  });

  test("passes on what a stream throws, and close lets go of streams", async () => {
    let closed = false;
    const stream: Source = {
      name: "s",
      weight: 1,
      columns: 2,
      async *open() {
        try {
          yield* unlikeRows("s", 4).map((texts) => ({ texts }));
          throw new RangeError("disk on fire");
        } finally {
          closed = true;
        }
      },
    };
    const sampler = createSampler({ ...options, sources: [stream] });
    await sampler.next();
    await sampler.close();
    expect(closed).toBe(true);
    await expect(take(createSampler({ ...options, sources: [stream] }), 3)).rejects.toThrow("disk on fire");
  });
});
