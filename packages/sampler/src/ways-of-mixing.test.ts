import { keyFromSeed } from "@kindred/random";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { key, rowsSource, streamSource, take, unlikeRows } from "../test-support/toy-sources.ts";
import { createSampler, type SamplerOptions, temperatureWeights } from "./index.ts";

const source = (name: string, rows: number, weight = 1) => rowsSource(name, weight, unlikeRows(name, rows));

/** The one source of each batch. */
async function sourcesOf(options: SamplerOptions, batches: number): Promise<number[]> {
  const given = await take(createSampler(options), batches);
  return given.map(({ rows }) => {
    const all = new Set(rows.map((row) => row.source));
    expect(all.size).toBe(1);
    return rows[0]?.source ?? -1;
  });
}

describe("round_robin", () => {
  const sources = [source("a", 9), source("b", 4), source("never", 50, 0), source("c", 30)];
  const options: SamplerOptions = { sources, batchSize: 2, key, mixing: "round_robin" };

  test("takes one batch of each source in turn, whatever their sizes, and without end", async () => {
    expect(await sourcesOf(options, 10)).toEqual([0, 1, 3, 0, 1, 3, 0, 1, 3, 0]);
  });

  test("with epochs, is over when the first source has been read so often, at its turn", async () => {
    expect(await sourcesOf({ ...options, epochs: 1 }, 99)).toEqual([0, 1, 3, 0, 1, 3, 0]);
    expect(await sourcesOf({ ...options, epochs: 2 }, 99)).toEqual([0, 1, 3, 0, 1, 3, 0, 1, 3, 0, 1, 3, 0]);
  });

  test("gives the shortest source's last rows as a smaller batch, or leaves them over", async () => {
    const odd = { ...options, sources: [source("a", 9), source("b", 3)], epochs: 1 };
    expect((await take(createSampler(odd), 99)).map(({ rows }) => rows.length)).toEqual([2, 2, 2, 1]);
    const full = createSampler({ ...odd, dropLast: true });
    expect((await take(full, 99)).map(({ rows }) => rows.length)).toEqual([2, 2, 2]);
    expect(full.counts).toMatchObject([{ leftOver: 0 }, { emitted: 2, leftOver: 1 }]);
  });
});

describe("proportional", () => {
  test("takes each source as often as it has batches, in an order of its own each epoch", async () => {
    const options: SamplerOptions = {
      sources: [
        source("a", 12),
        source("b", 40),
        source("never", 50, 0),
        { ...streamSource("c", 1, unlikeRows("c", 28)), lines: 28 },
      ],
      batchSize: 4,
      key,
      mixing: "proportional",
    };
    const order = await sourcesOf(options, 3 * 20);
    const epochs = [0, 1, 2].map((epoch) => order.slice(20 * epoch, 20 * epoch + 20));
    for (const epoch of epochs)
      expect([0, 1, 2, 3].map((one) => epoch.filter((other) => other === one).length)).toEqual([3, 10, 0, 7]);
    expect(new Set(epochs.map((epoch) => epoch.join(""))).size).toBe(3);
    const other = await sourcesOf({ ...options, key: keyFromSeed(7) }, 20);
    expect(other).not.toEqual(epochs[0]);
  });

  test("over many epochs, batches of a source are to all as its rows are to all rows, to a batch", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 3, max: 40 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (sizes, batchSize, epochs) => {
          const options: SamplerOptions = {
            sources: sizes.map((size, i) => source(`s${i}`, size)),
            batchSize,
            key,
            mixing: "proportional",
            epochs,
            dropLast: true,
          };
          const order = await sourcesOf(options, 1000);
          const counted = sizes.map((_, i) => order.filter((one) => one === i).length);
          const expected = sizes.map((size) => Math.floor((epochs * size) / batchSize));
          expect(counted).toEqual(expected);
        },
      ),
    );
  });

  test("without dropLast every row of every epoch comes, also those that are less than a batch", async () => {
    const sources = [source("a", 5), source("b", 9)];
    const sampler = createSampler({ sources, batchSize: 4, key, mixing: "proportional", epochs: 2 });
    const sizes = (await take(sampler, 99)).map(({ rows }) => rows.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(28);
    expect(sizes.filter((size) => size < 4)).toEqual([2, 2]);
  });
});

describe("temperature", () => {
  test("weights grow with the root of the size: worked by hand", () => {
    const sources = [
      source("a", 100),
      { ...streamSource("b", 2, unlikeRows("b", 1)), lines: 10_000 },
      source("c", 9, 0),
    ];
    expect(temperatureWeights(sources, 2)).toEqual([10, 200, 0]);
    expect(temperatureWeights(sources, 1)).toEqual([100, 20_000, 0]);
    expect(temperatureWeights(sources, Infinity)).toEqual([1, 2, 0]);
  });

  test("the larger it is, the more alike sources are drawn; the draws follow it", async () => {
    const sources = [source("a", 30), source("b", 480)];
    const shareOfSmall = async (temperature: number) => {
      const sampler = createSampler({ sources, batchSize: 10, key, temperature });
      await take(sampler, 400);
      return (sampler.counts[0]?.emitted ?? 0) / 4000;
    };
    // 1/17, 1/5 and 1/3 of 4,000 draws: five deviations are below 0.04.
    const expectShare = async (temperature: number, share: number) =>
      expect(Math.abs((await shareOfSmall(temperature)) - share)).toBeLessThan(0.04);
    await expectShare(1, 1 / 17);
    await expectShare(2, 1 / 5);
    await expectShare(4, 1 / 3);
    await expectMutantToFail(() => expectShare(4, 1 / 2));
  });
});

describe("refusals", () => {
  const stream = streamSource("s", 1, unlikeRows("s", 9));
  const options: SamplerOptions = { sources: [source("a", 9), source("b", 9)], batchSize: 2, key };

  test.each<[string, Partial<SamplerOptions>, string]>([
    ["sizes that nobody knows", { sources: [stream], mixing: "proportional" }, "how many rows s has is not known"],
    ["a temperature of such", { sources: [stream], temperature: 2 }, "Say it: lines in data_config.json"],
    ["a temperature of 0", { temperature: 0 }, "the temperature is wrong. Got 0"],
    ["a temperature without weights", { temperature: 2, mixing: "round_robin" }, 'mixing "round_robin" draws by no'],
    [
      "weights that say nothing",
      { sources: [source("a", 9), source("b", 9, 2)], mixing: "proportional" },
      "Got weights 1, 2, expected the same for all, or 0",
    ],
    ["no lines", { sources: [{ ...stream, lines: 0 }] }, "lines of s is wrong. Got 0"],
  ])("refuses %s", (_, wrong, message) => {
    const make = () => createSampler({ ...options, ...wrong });
    expect(make).toThrow(expect.objectContaining({ name: "ConfigError" }));
    expect(make).toThrow(message);
  });
});
