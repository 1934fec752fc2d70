import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { childKey, keyFromSeed, normal } from "@kindred/random";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { expectMutantToFail, sharedExists, sharedPath } from "@kindred/testing";
import { pairSimilarities } from "@kindred/vectors";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { main } from "./main.ts";
import { mineHardNegatives, type MineOptions } from "./mine-hard-negatives.ts";
import { outputFormats } from "./mined-rows.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-mine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dimension = 3;

/** A vector of length 1 that a text alone decides; float32 as an encoder's. */
function vectorOf(text: string): Float32Array {
  const values = normal(childKey(keyFromSeed("vectors"), text), dimension);
  const norm = Math.hypot(...values);
  return Float32Array.from(values, (x) => x / norm);
}

async function encodeTexts(texts: readonly string[]) {
  return { embeddings: Float32Array.from(texts.flatMap((text) => [...vectorOf(text)])), dimension, truncated: 0 };
}
// Of all forms of encode, the one of a list is asked for.
const encode = encodeTexts as unknown as SentenceEncoder["encode"];
const settings = { similarityFunction: "cosine" } as SentenceEncoder["settings"]; // no other is looked at
const encoder = {
  encodeQuery: encode,
  encodeDocument: encode,
  similarityPairwise: pairSimilarities,
  settings,
  dimension,
};

async function minedOf(pairs: readonly (readonly string[])[], options: MineOptions) {
  const rows: object[] = [];
  const all = mineHardNegatives(pairs, encoder, { scratch: folder, ...options });
  while (true) {
    const { done, value } = await all.next();
    if (done === true) return { rows, summary: value };
    rows.push(value);
  }
}

/** The function of sentence-transformers as its text says, over whole matrices of float64; `top` only. */
function naive(pairs: readonly (readonly string[])[], options: MineOptions): { rows: object[]; fewer: number } {
  const { numNegatives = 3, rangeMin = 0, corpus: more = [], outputFormat = "triplet", outputScores = false } = options;
  const { absoluteMargin, relativeMargin, maxScore, minScore } = options;
  const corpus = [...new Set([...(more as string[]), ...pairs.map(([, positive = ""]) => positive)])]; // a list in this test
  const queries = [...new Set(pairs.map(([query = ""]) => query))];
  const most = Math.max(...queries.map((query) => pairs.filter(([own]) => own === query).length));
  const rules = [absoluteMargin, relativeMargin, maxScore].some((rule) => rule !== undefined);
  const { rangeMax = rangeMin + numNegatives * (rules ? 10 : 1) + most } = options;
  const cosine = (a: string, b: string) => {
    const [x, y] = [vectorOf(a), vectorOf(b)];
    const dot = x.reduce((sum, value, i) => sum + value * y[i]!, 0); // `!`: both have as many
    return dot / (Math.hypot(...x) * Math.hypot(...y));
  };
  const rows: object[] = [];
  let fewer = 0;
  for (const query of queries) {
    const positives = [...new Set(pairs.filter(([own]) => own === query).map(([, positive = ""]) => positive))];
    const least = Math.min(...positives.map((positive) => cosine(query, positive)));
    const ranked = corpus
      .filter((text) => text !== query)
      .map((text) => ({ text, score: cosine(query, text) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, rangeMax + most);
    const left = ranked.filter(
      ({ text, score }) =>
        !positives.includes(text) &&
        !(absoluteMargin !== undefined && score + absoluteMargin > least) &&
        !(relativeMargin !== undefined && score > least - Math.abs(least) * relativeMargin) &&
        !(maxScore !== undefined && score > maxScore) &&
        !(minScore !== undefined && score < minScore),
    );
    const negatives = left.slice(0, rangeMax).slice(rangeMin).slice(0, numNegatives);
    if (negatives.length < numNegatives) fewer++;
    const scored = positives.map((text) => ({ text, score: cosine(query, text) }));
    const withScores = (all: readonly { score: number }[]) =>
      outputScores ? { scores: all.map(({ score }) => score) } : {};
    if (outputFormat === "labeled-pair")
      for (const [i, { text, score }] of [...scored, ...negatives].entries())
        rows.push({
          anchor: query,
          document: text,
          ...(outputScores ? { score } : { label: i < scored.length ? 1 : 0 }),
        });
    else
      for (const positive of scored) {
        const all = [positive, ...negatives];
        const named = Object.fromEntries(negatives.map(({ text }, i) => [`negative_${i + 1}`, text]));
        if (outputFormat === "n-tuple" && negatives.length === numNegatives)
          rows.push({ anchor: query, positive: positive.text, ...named, ...withScores(all) });
        if (outputFormat === "labeled-list" && negatives.length > 0)
          rows.push({
            ...{ anchor: query, documents: all.map(({ text }) => text) },
            ...(outputScores ? withScores(all) : { labels: all.map((_, i) => (i === 0 ? 1 : 0)) }),
          });
        if (outputFormat === "triplet")
          for (const negative of negatives)
            rows.push({
              anchor: query,
              positive: positive.text,
              negative: negative.text,
              ...withScores([positive, negative]),
            });
      }
  }
  return { rows, fewer };
}

const word = fc.integer({ min: 0, max: 14 }).map((i) => `text ${i}`);
const anyPairs = fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 20 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const anyOptions = fc.record({
  numNegatives: fc.integer({ min: 1, max: 4 }),
  rangeMin: fc.nat(3),
  room: maybe(fc.nat(6)),
  maxScore: maybe(fc.double({ min: 0, max: 1, noNaN: true })),
  minScore: maybe(fc.double({ min: -1, max: 0.5, noNaN: true })),
  absoluteMargin: maybe(fc.double({ min: 0, max: 0.4, noNaN: true })),
  relativeMargin: maybe(fc.double({ min: 0, max: 0.5, noNaN: true })),
  outputFormat: fc.constantFrom(...outputFormats),
  outputScores: fc.boolean(),
  corpus: maybe(
    fc.array(
      word.map((text) => `other ${text}`),
      { maxLength: 9 },
    ),
  ),
});

test("the rows are those of a loop over whole matrices, by any rules and in any form", async () => {
  const law = (change: (options: MineOptions) => MineOptions) =>
    fc.assert(
      fc.asyncProperty(anyPairs, anyOptions, async (pairs, { room, ...options }) => {
        const { numNegatives, rangeMin } = options;
        const rules = { ...options, rangeMax: room === undefined ? undefined : rangeMin + numNegatives + room };
        const { rows, summary } = await minedOf(pairs, change(rules));
        const expected = naive(pairs, rules);
        // Scores of the two ways differ by the order in which three squares are added.
        const rounded = (all: readonly object[]) =>
          all.map((row) =>
            JSON.stringify(row, (_, value) => (typeof value === "number" ? Number(value.toFixed(12)) : value)),
          );
        expect(rounded(rows)).toEqual(rounded(expected.rows));
        expect(summary).toMatchObject({
          pairs: pairs.length,
          rows: expected.rows.length,
          queriesWithFewer: expected.fewer,
        });
      }),
      { numRuns: 100, endOnFailure: true },
    );
  await law((options) => options);
  await expectMutantToFail(() => law((options) => ({ ...options, rangeMin: 0 })));
  await expectMutantToFail(() => law(({ relativeMargin: _, ...options }) => options));
  expect(readdirSync(folder)).toEqual([]); // no file of vectors is left
});

test("drawn negatives lie in the range, differ, are the same for the same seed and others for another", async () => {
  const pairs = Array.from({ length: 12 }, (_, i) => [`query ${i}`, `text ${i}`]);
  const options = {
    samplingStrategy: "random",
    numNegatives: 3,
    rangeMin: 1,
    rangeMax: 8,
    outputFormat: "n-tuple",
  } as const;
  const { rows } = await minedOf(pairs, options);
  const inRange = naive(pairs, { ...options, numNegatives: 7 }).rows.map((row) => Object.values(row).slice(2));
  for (const [i, row] of rows.entries()) {
    const negatives = Object.values(row).slice(2);
    expect(new Set(negatives).size).toBe(3);
    expect(inRange[i]).toEqual(expect.arrayContaining(negatives));
  }
  expect((await minedOf(pairs, options)).rows).toEqual(rows);
  expect((await minedOf(pairs, { ...options, seed: 7 })).rows).not.toEqual(rows);
});

test("refuses a range that holds too few, and no pairs", async () => {
  await expect(minedOf([["a", "b"]], { rangeMin: 3, rangeMax: 5 })).rejects.toThrow(
    /rangeMin 3 and rangeMax 5 for 3 negatives/,
  );
  await expect(minedOf([], {})).rejects.toThrow("there are none");
});

const model = sharedPath("golden", "mpnet-tiny", "model");

describe.skipIf(!sharedExists("golden", "mpnet-tiny", "model"))("the command", () => {
  const lines = (path: string, packed = false) =>
    (packed ? gunzipSync(readFileSync(path)).toString() : readFileSync(path, "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  const pairs = join(folder, "pairs.jsonl");
  const animals = ["cat", "dog", "cow", "hen", "fox", "owl", "bee", "ant"];
  const write = () =>
    writeFileSync(
      pairs,
      animals.map((animal) => `${JSON.stringify([`the ${animal}`, `a small ${animal} sat`])}\n`).join(""),
    );

  test("writes rows that train at once, in each form", async () => {
    write();
    for (const outputFormat of outputFormats) {
      const output = join(folder, `${outputFormat}.jsonl.gz`);
      const args = [
        pairs,
        output,
        "--model",
        model,
        "--num-negatives",
        "2",
        "--output-format",
        outputFormat,
        "--cores",
        "1",
        "--quiet",
      ];
      expect(await main(["mine", ...args])).toBe(0);
      expect(lines(output, true).length).toBe(
        { triplet: 16, "n-tuple": 8, "labeled-pair": 24, "labeled-list": 8 }[outputFormat],
      );
      const loss = {
        "labeled-pair": ["--loss", "pair-contrastive"],
        "labeled-list": ["--loss", "score-matching", "--targets", "scores"],
      };
      const chosen = outputFormat in loss ? loss[outputFormat as keyof typeof loss] : [];
      const run = [
        output,
        join(folder, `run-${outputFormat}`),
        "--model",
        model,
        "--max-steps",
        "1",
        "--batch-size",
        "4",
        "--cores",
        "1",
      ];
      expect(await main([...run, ...chosen, "--hold-out", "0", "--duplicates", "allow", "--quiet"])).toBe(0);
    }
  }, 300_000);

  test("refuses what it cannot mean", async () => {
    write();
    for (const args of [
      [pairs],
      [pairs, "out.csv", "--model", model],
      [pairs, join(folder, "x.jsonl")],
      [pairs, join(folder, "x.jsonl"), "--model", model, "--num-negatives", "0"],
      [pairs, join(folder, "x.jsonl"), "--model", model, "--range-max", "1", "--cores", "0"],
    ])
      expect(await main(["mine", ...args, "--quiet"])).toBe(2);
    expect(readdirSync(folder)).not.toContain("x.jsonl");
  }, 120_000);
});
