import fc from "fast-check";
import { expect, test } from "vitest";
import { columnWarnings, rowsFromDelimited, rowsFromJsonl, type RowOptions } from "./index.ts";

async function textsOf(lines: readonly unknown[], options: Partial<RowOptions> = {}): Promise<(readonly string[])[]> {
  const texts: (readonly string[])[] = [];
  const chunks = new Blob(lines.map((line) => `${JSON.stringify(line)}\n`)).stream();
  for await (const row of rowsFromJsonl(chunks, { file: "f", ...options })) texts.push(row.texts);
  return texts;
}

async function textsOfCsv(text: string, options: Partial<RowOptions> = {}): Promise<(readonly string[])[]> {
  const texts: (readonly string[])[] = [];
  const rows = rowsFromDelimited(new Blob([text]).stream(), { file: "f", format: "csv", ...options });
  for await (const row of rows) texts.push([...row.texts, ...(row.scores ?? []).map(String)]);
  return texts;
}

test("Tevatron's form is a row for each positive, a passage after its title", async () => {
  const passage = (text: string, title = "") => ({ docid: "d", title, text });
  const line = {
    query_id: "1",
    query: "q",
    positive_passages: [passage("p"), passage("body", "Title")],
    negative_passages: [passage("n")],
  };
  expect(await textsOf([line])).toEqual([
    ["q", "p", "n"],
    ["q", "Title body", "n"],
  ]);
  await expect(textsOf([{ ...line, positive_passages: [] }])).rejects.toThrow(
    '"positive_passages" is not an array of one or more',
  );
  await expect(textsOf([{ ...line, negative_passages: ["n"] }])).rejects.toThrow('"negative_passages" is not an array');
});

test("rows of any number of negatives get as many as are asked for: their own, and those of other rows where they have fewer", async () => {
  const lines = fc.array(fc.record({ own: fc.integer({ min: 0, max: 5 }) }), { minLength: 4, maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(lines, fc.integer({ min: 0, max: 3 }), async (rows, count) => {
      const given = [{ own: 5 }, ...rows].map(({ own }, i) => ({
        query: `q${i}`,
        pos: [`p${i}`],
        neg: Array.from({ length: own }, (_, n) => `n${i} ${n}`),
      }));
      const texts = await textsOf(given, { negatives: count });
      expect(texts.map(([query]) => query).sort()).toEqual(given.map(({ query }) => query).sort());
      for (const [query = "", positive, ...negatives] of texts) {
        const { neg, pos } = given[Number(query.slice(1))]!; // that is its number
        expect([positive, negatives.length, new Set(negatives).size]).toEqual([pos[0], count, count]);
        expect(negatives.filter((text) => neg.includes(text))).toHaveLength(Math.min(count, neg.length));
      }
      expect(await textsOf(given, { negatives: count })).toEqual(texts);
    }),
    { numRuns: 30 },
  );
});

test("refuses to fill up from nothing, and without a number says which flag gives one", async () => {
  const rows = [
    { query: "q", pos: ["p"], neg: ["n"] },
    { query: "r", pos: ["s"], neg: [] },
  ];
  await expect(textsOf(rows, { negatives: 2 })).rejects.toThrow(
    "too few negatives to give this row and 1 others 2 each. Got 1 in all.",
  );
  await expect(textsOf(rows)).rejects.toThrow(
    "the row has 2 texts, and the first row declared 3 (--num-negatives N gives every row N negatives)",
  );
});

test("named columns are taken in the order of the names, others left out and told", async () => {
  const told: unknown[] = [];
  const options = { columns: ["anchor", "positive"], onColumns: (names: unknown) => told.push(names) };
  const lines = [
    { id: 1, positive: "p", anchor: "a", score: 0.5 },
    { anchor: "b", positive: "q", id: 2 },
  ];
  expect(await textsOf(lines, options)).toEqual([
    ["a", "p"],
    ["b", "q"],
  ]);
  expect(await textsOfCsv("positive,anchor,score\np,a,0.5\n", options)).toEqual([["a", "p"]]);
  expect(await textsOfCsv("positive,anchor,score\np,a,0.5\n", { columns: ["anchor", "score", "positive"] })).toEqual([
    ["a", "p", "0.5"],
  ]);
  expect(told).toEqual([
    { texts: ["anchor", "positive"], marks: [], leftOut: ["id", "score"] },
    { texts: ["anchor", "positive"], marks: [], leftOut: ["score"] },
  ]);
  await expect(textsOf(lines, { columns: ["anchor", "answer"] })).rejects.toThrow(
    'has no column "answer", only id, positive, anchor, score',
  );
  await expect(textsOf([["a", "b"]], options)).rejects.toThrow("not an object, so its columns have no names");
  await expect(textsOfCsv("anchor;positive\na;b\n")).rejects.toThrow(
    "Its columns are separated otherwise: save it with commas as .csv, or with tabs as .tsv.",
  );
  await expect(textsOfCsv("a,b\n1,2\n", options)).rejects.toThrow('there is no column "anchor"');
  expect(await textsOf([["a", "b"]], { ...options, columnsIfThere: true })).toEqual([["a", "b"]]);
  expect(await textsOfCsv("a,b\n1,2\n", { ...options, columnsIfThere: true })).toEqual([["1", "2"]]);
});

test("a bad line does not decide whether a file has the columns, nor does a row whose columns are there", async () => {
  const options = { columns: ["anchor", "positive"], columnsIfThere: true, onBadLine: "skip" } as const;
  const lines = [
    { positive: 5, anchor: "x" },
    { positive: "p", anchor: "a", other: "o" },
  ];
  expect(await textsOf(lines, options)).toEqual([["a", "p"]]);
  const rows = rowsFromJsonl(new Blob([`{"broken\n${JSON.stringify(lines[1])}\n`]).stream(), { file: "f", ...options });
  for await (const { texts } of rows) expect(texts).toEqual(["a", "p"]);
});

test("few negatives are refused at once by their number, however many rows repeat them", async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => [`q${i}`, `p${i}`, `n${i % 3}`]);
  await expect(textsOf(lines, { negatives: 5 })).rejects.toThrow(/too few negatives.*Got 3 in all/);
}, 20_000);

test("a stray quote that closes far below costs its line alone", async () => {
  const far = `a,b\n"x,y\n${"1,2\n".repeat(130_000)}z",3,4\n5,6\n`;
  const texts = await textsOfCsv(far, { onBadLine: "skip" });
  expect(texts.length).toBe(130_001);
  expect(texts.at(-1)).toEqual(["5", "6"]);
});

test("warns of names that contradict the order and of ids, not of what is in order", () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({ texts: [`q-${i}`, `a text ${i}`, "another"] }));
  const texts = rows.map(({ texts: [, text = "", other = ""] }) => ({ texts: [text, other] }));
  const warnings = (names: readonly string[] | undefined, of = texts) => columnWarnings({ file: "f", names, rows: of });
  for (const names of [
    ["anchor", "positive"],
    ["question", "answer"],
    ["sentence1", "sentence2"],
    ["left", "right"],
    undefined,
  ])
    expect(warnings(names)).toEqual([]);
  for (const names of [
    ["positive", "anchor"],
    ["answer", "question"],
    ["sentence_2", "sentence_1"],
    ["anchor", "negative", "positive"],
  ])
    expect(warnings(names)[0]).toMatch(/not in the order of their names/);
  expect(warnings(["How do I boil an egg?", "Put it into boiling water."])).toEqual([
    "f: the columns are called `How do I boil an egg?`, `Put it into boiling water.`: is that a row? The first line of such a file names its columns.",
  ]);
  expect(warnings(["first text", "second text"])).toEqual([]);
  expect(warnings(["id", "anchor", "positive"], rows)).toEqual([
    "f: the column id looks like ids (q-0, q-1), and is trained on as a text. Leave it out: --columns anchor,positive",
  ]);
  // A flag that names columns leaves out all others: what is advised keeps scores and labels.
  const [order, ids] = [
    ["answer", "question"],
    ["id", "anchor", "positive"],
  ].map((names) => columnWarnings({ file: "f", names, marks: ["score", "label"], rows }));
  expect([order?.[0], ids?.[0]]).toEqual([
    expect.stringMatching(/--columns question,answer,score,label$/),
    expect.stringMatching(/--columns anchor,positive,score,label$/),
  ]);
  expect(warnings(undefined, rows)).toEqual([
    "f: the column 1 looks like ids (q-0, q-1), and is trained on as a text.",
  ]);
  expect(columnWarnings({ file: "f", names: ["positive", "anchor"], rows: texts, isChosen: true })).toEqual([]);
});
