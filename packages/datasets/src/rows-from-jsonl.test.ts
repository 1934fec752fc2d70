import fc from "fast-check";
import { expect, test } from "vitest";
import { type RowOptions, rowsFromJsonl, type TextRow } from "./index.ts";

async function rowsOf(text: string, options: Partial<RowOptions> = {}): Promise<Omit<TextRow, "place">[]> {
  const rows: Omit<TextRow, "place">[] = [];
  for await (const { place: _, ...row } of rowsFromJsonl(new Blob([text]).stream(), { file: "f.jsonl", ...options }))
    rows.push(row);
  return rows;
}

const jsonl = (...values: unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");

test.each([
  ["an array", ["a", "p", "n"], [{ texts: ["a", "p", "n"] }]],
  ["texts", { id: 3, texts: ["a", "p"], score: 0.5, group: "g" }, [{ texts: ["a", "p"], scores: [0.5], group: "g" }]],
  ["named columns", { anchor: "a", positive: "p", negative: "n" }, [{ texts: ["a", "p", "n"] }]],
  ["columns by order, not by name", { positive: "a", anchor: "p" }, [{ texts: ["a", "p"] }]],
  ["a label among the columns", { label: 1, sentence1: "a", sentence2: "p" }, [{ texts: ["a", "p"], label: 1 }]],
  ["a class by name", { text: "a", labels: "sport" }, [{ texts: ["a"], label: "sport" }]],
  ["one labelled text", { texts: ["a"], label: 3 }, [{ texts: ["a"], label: 3 }]],
  ["a score and a label", { a: "1", b: "2", score: 0.5, label: 0 }, [{ texts: ["1", "2"], scores: [0.5], label: 0 }]],
  ["scores of candidates", { q: "1", p: "2", n: "3", scores: [9, -1] }, [{ texts: ["1", "2", "3"], scores: [9, -1] }]],
  ["the same under label", { q: "1", p: "2", n: "3", label: [9, -1] }, [{ texts: ["1", "2", "3"], scores: [9, -1] }]],
  [
    "FlagEmbedding",
    { query: "q", pos: ["p1", "p2"], neg: ["n1", "n2"], prompt: "x" },
    [{ texts: ["q", "p1", "n1", "n2"] }, { texts: ["q", "p2", "n1", "n2"] }],
  ],
  ["FlagEmbedding without negatives", { query: "q", pos: ["p"] }, [{ texts: ["q", "p"] }]],
  [
    "PolyAI",
    { thread_id: "t", subreddit: "s", context: "c", response: "r", "context/0": "c0" },
    [{ texts: ["r", "c"], group: "t" }],
  ],
  ["a group by number", { texts: ["a", "p"], group: 7 }, [{ texts: ["a", "p"], group: "7" }]],
  ["lists of texts", { anchor: "a", positive: "p", negative: ["n", "m"] }, [{ texts: ["a", "p", "n", "m"] }]],
  ["no group", { thread_id: null, context: "c", response: "r" }, [{ texts: ["r", "c"] }]],
])("reads %s", async (_, value, rows) => {
  expect(await rowsOf(jsonl(value))).toEqual(rows);
});

test("a line that is not UTF-8 is told with the way to leave it out; a file that is none by its first bytes, without", async () => {
  const read = async (bytes: Uint8Array, options = {}) => {
    for await (const _ of rowsFromJsonl(chunksOf(bytes), { file: "f", ...options }));
  };
  async function* chunksOf(bytes: Uint8Array) {
    yield bytes;
  }
  const latin = Uint8Array.from(Buffer.from('["a", "b"]\n["caf\xe9", "b"]\n', "latin1"));
  await expect(read(latin)).rejects.toThrow(/^f:2: .* with iconv say\. Or skip bad lines \(--on-bad-line skip\)\.$/);
  await expect(read(latin, { skipFlag: "--skip" })).rejects.toThrow(/Or skip bad lines \(--skip\)\.$/);
  await expect(read(Uint8Array.of(0xff, 0xfe, 0x61, 0))).rejects.toThrow(/^f:1: .*iconv -f UTF-16 -t UTF-8\.$/);
});

test("a file may mix forms of one column count, and have blank lines", async () => {
  const text = `${jsonl(["a", "b"])}\n  \n${jsonl({ texts: ["c", "d"] })}`;
  expect(await rowsOf(text)).toEqual([{ texts: ["a", "b"] }, { texts: ["c", "d"] }]);
});

test("later rows are read in the column order of the first", async () => {
  const rows = await rowsOf(jsonl({ a: "1", b: "2" }, { b: "4", a: "3" }));
  expect(rows).toEqual([{ texts: ["1", "2"] }, { texts: ["3", "4"] }]);
});

test.each([
  ["a broken line", '{"texts": ["a", "b"', "not JSON"],
  ["a number", "7", "is number"],
  ["null", "null", "is null"],
  ["one text", '["a"]', "the row has 1 text, not 2 or more"],
  ["something between the texts", '["a", 1]', "the array holds `1` at 1, not a text"],
  ["another column count", '["a", "b", "c"]', "the row has 3 texts, and the first row declared 2"],
  ["other columns", '{"a": "1", "c": "2"}', "the columns are a, c, and the first row declared a, b"],
  ["a score that is no number", '{"a": "1", "b": "2", "score": "0.5"}', '"score" is `"0.5"`, not a number'],
  ["two scores", '{"a": "1", "b": "2", "score": 1, "scores": 1}', '"scores" is a second score'],
  ["two labels", '{"a": "1", "b": "2", "label": 1, "labels": 1}', '"labels" is a second label'],
  ["a label that is nothing", '{"a": "1", "b": "2", "label": ""}', '"label" is `""`, not a number or a name'],
  ["scores of no candidate", '{"a": "1", "b": "2", "scores": []}', '"scores" is `[]`, not a number'],
  ["one text and a score", '{"a": "1", "score": 1}', "the row has 1 text, not 2 or more"],
  [
    "a score where there was none",
    '{"a": "1", "b": "2", "score": 1}',
    "the row has 1 score, and the first row declared no score and no label",
  ],
  [
    "a column that is no text",
    '{"a": "1", "b": [2]}',
    '"b" is `[2]`, not a list of texts (--columns takes some columns alone)',
  ],
  ["texts that are no array", '{"texts": "ab"}', '"texts" is not an array'],
  ["a group that is none", '{"texts": ["a", "b"], "group": ["g"]}', '"group" is `["g"]`, not a text or a number'],
  [
    "a thread that is none",
    '{"context": "c", "response": "r", "thread_id": true}',
    '"thread_id" is `true`, not a text or a number',
  ],
  ["an empty pos", '{"query": "q", "pos": []}', '"pos" is not an array of one or more texts'],
  ["a neg that is no array", '{"query": "q", "pos": ["p"], "neg": "n"}', '"neg" is not an array of texts'],
  ["a record without its response", '{"context": "c", "response": null}', '"response" is not a text'],
])("refuses %s with file, line, reason and forms, or skips and counts it", async (_, line, problem) => {
  const text = `${jsonl({ a: "1", b: "2" })}\n${line}\n${jsonl(["3", "4"])}`;
  const error = await rowsOf(text).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: "DataError", exitCode: 3, file: "f.jsonl", line: 3 });
  expect(error.message).toContain(`f.jsonl:3: rowsFromJsonl: ${problem}. Got \``);
  expect(error.message).toContain('expected ["anchor", "positive", …]');
  let skipped = 0;
  expect(await rowsOf(text, { onBadLine: "skip", onSkip: () => skipped++ })).toEqual([
    { texts: ["1", "2"] },
    { texts: ["3", "4"] },
  ]);
  expect(skipped).toBe(1);
});

test.each([
  [{ score: 1 }, {}, "the row has no score and no label, and the first row declared 1 score"],
  [{ scores: [1, 2] }, { scores: [1] }, "the row has 1 score, and the first row declared 2 scores"],
  [{ label: 1 }, { label: "sport" }, "the row has a name as label, and the first row declared a number as label"],
  [
    { label: 1, score: 2 },
    { score: 2 },
    "the row has 1 score, and the first row declared 1 score and a number as label",
  ],
])("rows of one file hold what the first one holds: %j and then %j", async (first, then, problem) => {
  const pair = { a: "1", b: "2" };
  await expect(rowsOf(jsonl({ ...pair, ...first }, { ...pair, ...then }))).rejects.toThrow(
    `f.jsonl:2: rowsFromJsonl: ${problem}`,
  );
});

test("rows of one text are read where texts are taken by themselves", async () => {
  const text = jsonl("a", ["b"], { texts: ["c"] }, { text: "d" });
  const read = await rowsOf(text, { leastTexts: 1 });
  expect(read).toEqual(["a", "b", "c", "d"].map((only) => ({ texts: [only] })));
  const named = { leastTexts: 1, columns: ["text"] } as const;
  expect(await rowsOf(jsonl({ id: 7, text: "a" }, "b"), named)).toEqual([{ texts: ["a"] }, { texts: ["b"] }]);
  await expect(rowsOf(text)).rejects.toThrow("f.jsonl:1: rowsFromJsonl: is string.");
  await expect(rowsOf(jsonl([]), { leastTexts: 1 })).rejects.toThrow("the row has 0 texts, not 1 or more");
});

test("lists of texts keep their columns in the declared order, and may be of any length where negatives are drawn", async () => {
  const rows = [
    { anchor: "a", positive: "p", negative: ["n", "m"] },
    { negative: ["x", "y"], positive: "q", anchor: "b" },
  ];
  expect(await rowsOf(jsonl(...rows))).toEqual([{ texts: ["a", "p", "n", "m"] }, { texts: ["b", "q", "x", "y"] }]);
  const few = [{ anchor: "a", positive: "p", negative: [] }, { negative: ["x"], positive: "q", anchor: "b" }, ...rows];
  const drawn = await rowsOf(jsonl(...few), { negatives: 1 });
  expect(drawn.map(({ texts }) => texts.slice(0, 2).join()).sort()).toEqual(["a,p", "a,p", "b,q", "b,q"]);
  expect(drawn.every(({ texts }) => texts.length === 3)).toBe(true);
  await expect(rowsOf(jsonl(...few))).rejects.toThrow(
    "the row has 3 texts, and the first row declared 2 (--num-negatives N gives every row N negatives)",
  );
  await expect(rowsOf(jsonl(rows[0], { anchor: "a", other: ["p", "n", "m"] }))).rejects.toThrow(
    "the columns are anchor, other, other, other, and the first row declared anchor, positive, negative, negative",
  );
});

test("refuses a stream without rows, whatever the policy", async () => {
  await expect(rowsOf("")).rejects.toThrow("f.jsonl: rowsFromJsonl: no rows.");
  await expect(rowsOf("broken\n", { onBadLine: "skip" })).rejects.toThrow("f.jsonl: rowsFromJsonl: no rows.");
  expect(await rowsOf("", { mayBeEmpty: true })).toEqual([]);
});

test("keeps every text unchanged, lone surrogates and U+2028 included", async () => {
  const text = fc.string({ unit: "binary" });
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 2, max: 4 })
        .chain((columns) => fc.array(fc.array(text, { minLength: columns, maxLength: columns }), { minLength: 1 })),
      async (rows) => {
        expect(await rowsOf(jsonl(...rows))).toEqual(rows.map((texts) => ({ texts })));
      },
    ),
  );
});

test("never throws anything but a DataError, whatever JSON a line holds", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (line) => {
      const outcome = await rowsOf(line).catch((error) => error);
      if (!Array.isArray(outcome)) expect(outcome.name).toBe("DataError");
    }),
  );
});
