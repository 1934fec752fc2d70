import { DataError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { describe, expect, test } from "vitest";
import { newSettings } from "@kindred/model-folder";
import { trainConfig } from "./train-config.ts";
import type { RowSet } from "./run-data.ts";
import { trainingData } from "./training-data.ts";
import { trainingSampler } from "./training-steps.ts";

const place = { file: "x" };
const setOf = (name: string, rows: readonly (readonly string[])[]): RowSet => ({
  name,
  async *rows() {
    for (const texts of rows) yield { texts, place };
  },
});
const model = {
  tokenizer: tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\nwhat\n[UNK]\n<mask>\n"),
  settings: { ...newSettings(), maxSeqLength: 16 },
};
const config = (given: object = {}) => trainConfig({ batchSize: 16, holdOut: 0.1, ...given });
const dataOf = (sets: readonly RowSet[], given: object = {}, evaluation: readonly RowSet[] = []) =>
  trainingData(config(given), model, {
    training: sets.map((dataset) => ({ dataset })),
    evaluation: evaluation.map((dataset) => ({ dataset })),
  });

const questions = Array.from({ length: 3000 }, (_, i) => [`question ${i}`, `answer ${i % 75}`]);

describe("what is held out", () => {
  test("many questions with few answers: every row is trained on or held out, and every held-out query is measured", async () => {
    const { summaries, tasks, sources } = await dataOf([setOf("intents.jsonl", questions)]);
    const [summary] = summaries;
    expect(summary?.leftOut).toEqual({});
    expect((summary?.rows ?? 0) + (summary?.heldOutRows ?? 0)).toBe(3000);
    const [task] = tasks;
    expect(task?.measured).toBe(summary?.heldOutRows);
    expect(task?.shown?.candidates.length).toBeLessThanOrEqual(75);
    const trained = new Set(
      Array.from({ length: summary?.rows ?? 0 }, (_, i) => {
        const [source] = sources;
        return source !== undefined && "row" in source ? source.row(i).texts[0] : "";
      }),
    );
    expect(task?.shown?.queries.some((query) => trained.has(query))).toBe(false);
  });

  test("of no file is trained on through another, turned around or not; what that leaves out is counted", async () => {
    const pairs = Array.from({ length: 400 }, (_, i) => [`question ${i}`, `answer ${i}`]);
    const sets = [
      setOf("base.jsonl", pairs),
      setOf(
        "turned.jsonl",
        pairs.map(([a = "", b = ""]) => [b, a]),
      ),
    ];
    const { sources, tasks, summaries } = await dataOf(sets);
    const queries = new Set(tasks.flatMap(({ shown }) => shown?.queries ?? []));
    expect(tasks.map(({ name }) => name)).toEqual(["base", "turned"]);
    const numberOf = (text = "") => text.split(" ")[1]; // a pair has one
    const held = new Set([...queries].map(numberOf));
    for (const source of sources)
      for (let i = 0; "row" in source && i < source.length; i++)
        expect(held.has(numberOf(source.row(i).texts[0]))).toBe(false);
    for (const { rows = 0, heldOutRows, leftOut } of summaries) {
      expect(leftOut.repeatsHeldOut).toBeGreaterThan(0);
      expect(rows + heldOutRows + (leftOut.repeatsHeldOut ?? 0)).toBe(400);
    }
    // Alone, the first file loses nothing: the law above would not notice.
    const alone = await dataOf(sets.slice(0, 1));
    expectMutantToFail(() => expect(alone.summaries[0]?.leftOut.repeatsHeldOut ?? 0).toBeGreaterThan(0));
  });

  test("of a streamed file its later rows are kept from training likewise, and counted", async () => {
    const { sources, leftOut } = await dataOf([setOf("big.jsonl", [...questions, ...questions.slice(0, 1000)])], {
      maxRowsInMemory: 1000,
    });
    const [source] = sources;
    let count = 0;
    if (source !== undefined && "open" in source) for await (const _ of source.open(0)) count++;
    expect(count).toBeGreaterThan(3000);
    const [{ repeatsHeldOut = 0 } = {}] = leftOut();
    expect(repeatsHeldOut).toBeGreaterThan(0);
    // The rest is what is held out: of the first thousand rows those whose queries came again were refused twice.
    expect(4000 - count - repeatsHeldOut).toBe(repeatsHeldOut);
  });

  test("of a streamed file is counted as far as it was read, whatever passes are open together or begin again", async () => {
    const rows = [...questions, ...questions.slice(0, 1000)];
    const dataset: RowSet = {
      name: "big.jsonl",
      rows() {
        let badLines = 0; // one before each row
        async function* pass() {
          for (const texts of rows) {
            badLines++;
            yield { texts, place };
          }
        }
        return Object.defineProperty(pass(), "badLines", { get: () => badLines });
      },
    };
    const { sources, leftOut } = await dataOf([dataset], { maxRowsInMemory: 1000 });
    const [source] = sources;
    if (source === undefined || !("open" in source))
      throw new Error("a file of more rows than memory takes is streamed");
    const main = source.open(0)[Symbol.asyncIterator]();
    for (let i = 0; i < 3500; i++) await main.next();
    const [before] = leftOut();
    expect(before?.repeatsHeldOut).toBeGreaterThan(0);
    // As a resume reads rows that wait, in the middle of the main pass.
    for await (const _ of source.open(5)) break;
    expect(leftOut()[0]).toEqual(before);
    while ((await main.next()).done !== true);
    const [whole] = leftOut();
    expect(whole?.repeatsHeldOut).toBeGreaterThan(before?.repeatsHeldOut ?? 0);
    for await (const _ of source.open(0));
    expect(leftOut()[0]).toEqual(whole);
  });

  test("of a streamed file is counted as if a run that goes on had not been stopped, in whichever pass", async () => {
    const rows = [...questions.slice(0, 600), ...questions.slice(0, 200)];
    const given = { maxRowsInMemory: 100, duplicates: "allow" };
    const end = 110; // batches of 16: in the third pass
    const takeTo = async (sampler: ReturnType<typeof trainingSampler>, from: number, to: number) => {
      for (let step = from; step < to; step++) await sampler.next();
    };
    const whole = await dataOf([setOf("big.jsonl", rows)], given);
    const sampler = trainingSampler(config(given), whole);
    await takeTo(sampler, 0, end);
    await sampler.close();
    expect(whole.leftOut()[0]?.repeatsHeldOut).toBeGreaterThan(0);
    for (const stopped of [3, 30, 60, 105]) {
      const first = await dataOf([setOf("big.jsonl", rows)], given);
      const before = trainingSampler(config(given), first);
      await takeTo(before, 0, stopped);
      const cursor = before.cursor();
      await before.close();
      const goOn = async (seen: ReturnType<typeof first.seen> | undefined) => {
        const second = await trainingData(config(given), model, {
          training: [{ dataset: setOf("big.jsonl", rows) }],
          seen,
        });
        const after = trainingSampler(config(given), second, { cursor });
        await takeTo(after, stopped, end);
        await after.close();
        return second.leftOut();
      };
      expect(await goOn(first.seen())).toEqual(whole.leftOut());
      if (stopped === 105) await expectMutantToFail(async () => expect(await goOn(undefined)).toEqual(whole.leftOut()));
    }
  });

  test("is nothing of a set that would give no task: a single query", async () => {
    const { summaries, tasks } = await dataOf(
      [
        setOf(
          "one.jsonl",
          Array.from({ length: 40 }, (_, i) => ["same", `answer ${i}`]),
        ),
      ],
      {
        duplicates: "allow",
      },
    );
    expect([summaries[0]?.rows, summaries[0]?.heldOutRows, tasks.length]).toEqual([40, 0, 0]);
  });
});

describe("evaluation", () => {
  test("names of metrics differ, whatever the files are called", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => [`q ${i}`, `a ${i}`]);
    const other = rows.map(([q, a]) => [`other ${q}`, `other ${a}`]);
    const { tasks } = await dataOf([setOf("a/pairs.jsonl", rows), setOf("b/pairs.jsonl", other)], {}, [
      setOf("b/pairs.csv", other),
      setOf("b/pairs.jsonl", other),
      setOf("dev.tsv.gz", rows),
      setOf("dev.tsv.gz", rows),
      setOf("dev_2.jsonl", rows),
    ]);
    const names = ["a/pairs", "b/pairs", "b/pairs_2", "b/pairs_3", "dev", "dev_2", "dev_2_2"];
    expect(tasks.map(({ name }) => name)).toEqual(names);
  });

  test("warns of few queries and of queries that are trained on; refuses a file with a single query", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => [`q ${i}`, `a ${i}`]);
    const { warnings } = await dataOf([setOf("pairs.jsonl", rows)], { holdOut: 0 }, [
      setOf("dev.jsonl", rows.slice(0, 7)),
    ]);
    expect(warnings).toEqual([
      "dev.jsonl is no test of what is new: 7 rows of pairs.jsonl that are trained on repeat a query or a pair of it.",
      "dev is judged by 7 queries only, too few to tell a better model from a lucky one (below 93 the 95 % interval of a share can be wider than ± 0.1). Hold more out (--hold-out), or name a file with --eval-data.",
    ]);
    const halves = [setOf("a.jsonl", rows.slice(0, 40)), setOf("b.jsonl", rows.slice(40))];
    const [of] = (await dataOf(halves, { holdOut: 0 }, [setOf("dev.jsonl", rows)])).warnings;
    expect(of).toBe(
      "dev.jsonl is no test of what is new: 100 rows of 2 files that are trained on repeat a query or a pair of it, most of them in b.jsonl: 60; a.jsonl: 40.",
    );
    await expect(
      dataOf([setOf("pairs.jsonl", rows)], {}, [
        setOf("dev.jsonl", [
          ["q", "a"],
          ["q", "b"],
        ]),
      ]),
    ).rejects.toThrow(DataError);
  });
});

test("refuses at once what could never fill a batch, with advice in flags", async () => {
  const five = setOf(
    "tiny.jsonl",
    Array.from({ length: 5 }, (_, i) => [`q ${i}`, `a ${i}`]),
  );
  const rows = setOf(
    "pairs.jsonl",
    questions.map(([q = ""], i) => [q, `answer ${i}`]),
  );
  const sampler = async (given: object) =>
    trainingSampler(config({ holdOut: 0, ...given }), await dataOf([five, rows], { holdOut: 0, ...given }));
  await expect(sampler({})).rejects.toThrow(
    /tiny\.jsonl: .* Got 5 without a text in common, expected batchSize = 16\..*--batch-size.* to 5 .*--mixing batch/,
  );
  await (await sampler({ mixing: "batch" })).close();
});
