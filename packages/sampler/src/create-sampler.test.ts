import { keyFromSeed } from "@kindred/random";
import { describe, expect, test } from "vitest";
import { key, rowsOf, rowsSource, streamSource, take, unlikeRows } from "../test-support/toy-sources.ts";
import { createSampler, type SamplerOptions, type Source } from "./index.ts";

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
        {
          name: "s",
          read: 4,
          emitted: 4,
          deferred: 1,
          dropped: 0,
          repetitive: 0,
          overdue: 0,
          lost: 0,
          alone: 0,
          leftOver: 0,
          waiting: 0,
          epoch: 0,
        },
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
    expect(dropping.counts).toMatchObject([{ read: 4, emitted: 2, dropped: 1, repetitive: 1 }]);
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
    expect(sampler.counts).toMatchObject([{ read: 5, emitted: 4, deferred: 3, overdue: 1, waiting: 0 }]);
  });
});

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
    ["an order of a source", { sources: [{ ...one, order: "files" as "file" }] }, 'unknown order of s. Got "files"'],
    ["an unknown rule for own texts", { ownTextTwice: "kept" as "keep" }, 'unknown ownTextTwice. Got "kept"'],
    ["an unknown rule for first rows", { firstRows: "loose" as "lose" }, 'Did you mean "lose"?'],
    [
      "an unknown mixing",
      { mixing: "round" as "rounds" },
      'unknown mixing. Got "round", expected "batch" or "rounds" or "round_robin" or "proportional". Did you mean "rounds"?',
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
    for (const mixing of ["batch", "rounds"] as const) {
      expect(() => createSampler({ sources: [rowsSource("few", 1, few)], batchSize: 3, key, mixing })).toThrow(
        "few: createSampler: too few different rows for a batch. Got 2 without a text in common, expected batchSize = 3. Lower batchSize (--batch-size) to 2 at most",
      );
      const sampler = createSampler({ sources: [streamSource("few", 1, few)], batchSize: 3, key, mixing });
      await expect(sampler.next()).rejects.toThrow(
        "few: createSampler: too few different rows. Got 2 without a text in common, expected batchSize = 3.",
      );
    }
    const same = rowsSource("same", 1, [["a", "a"]]);
    expect(() => createSampler({ sources: [same], batchSize: 1, key })).toThrow(
      "Got 0 without a text in common, expected batchSize = 1. Bring more rows, or",
    );
    const rare = { sources: [same, one], batchSize: 2, key };
    expect(() => createSampler({ ...rare, mixing: "rounds" })).toThrow("same: createSampler: too few different rows");
    await expect(createSampler(rare).next()).resolves.toBeDefined();
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
      [{ sources: [rowsSource("s", 1, rows.with(2, ["other", "text"]))] }, "Got other rows of s than were there"],
      [{ sources: [rowsSource("s", 2, rows)] }, "Got weight of s = 2, expected 1 as it was saved"],
      [{ sources: [rowsSource("t", 1, rows)] }, "Got sources = t, expected s as it was saved"],
      [{ sources: [{ ...one, fingerprint: "new" }] }, "Got fingerprint of s = new, expected none as it was saved"],
      [{ batchSize: 3 }, "Got batchSize = 3, expected 2 as it was saved"],
      [{ key: keyFromSeed(7) }, "Got another key than"],
    ];
    for (const [changed, message] of refused) {
      expect(() => createSampler({ ...options, ...changed, cursor })).toThrow(message);
    }
    const { replay, ...damaged } = cursor;
    expect(() => createSampler({ ...options, cursor: damaged })).toThrow("the cursor is damaged");
    expect(() => createSampler({ ...options, cursor: {} })).toThrow("not a cursor. Got version undefined, expected 1");
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
  });

  test("refuses a stream whose rows have changed, before the next batch: any row that was read, and no other", async () => {
    const rows = unlikeRows("s", 9);
    const first = createSampler({ ...options, sources: [streamSource("s", 1, rows)], batchSize: 3 });
    await take(first, 2);
    const goOn = (changed: readonly (readonly string[])[]) =>
      createSampler({ ...options, sources: [streamSource("s", 1, changed)], batchSize: 3, cursor: first.cursor() });
    for (const changed of [rows.with(0, ["other", "text"]), rows.with(5, ["other", "text"]), rows.slice(0, 5)])
      await expect(goOn(changed).ready()).rejects.toThrow(
        "the rows of s have changed. Got others among the first 6 than were read before.",
      );
    const later = goOn(rows.with(6, ["other", "text"]));
    await later.ready();
    expect(rowsOf(await take(later, 1))).toEqual([["0:6", "0:7", "0:8"]]);
  });

  test("refuses a stream that is another in its second pass, and rows at hand of which one of many has changed", async () => {
    let pass = 0;
    const rows = unlikeRows("s", 200);
    const source: Source = {
      ...streamSource("s", 1, rows),
      async *open() {
        pass++;
        for (const [i, texts] of rows.entries()) yield { texts: pass > 1 && i === 3 ? ["other", "text"] : texts };
      },
    };
    await expect(take(createSampler({ ...options, sources: [source], batchSize: 100 }), 5)).rejects.toThrow(
      "s: createSampler: the rows have changed since they were read first.",
    );
    const { cursor } = createSampler({ ...options, sources: [rowsSource("s", 1, rows)] });
    for (const changed of [0, 1, 100, 198, 199]) {
      const sources = [rowsSource("s", 1, rows.with(changed, ["other", "text"]))];
      expect(() => createSampler({ ...options, sources, cursor: cursor() })).toThrow("Got other rows of s");
    }
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
