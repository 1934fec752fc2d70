import { expect, test } from "vitest";
import { type DelimitedOptions, rowsFromDelimited, type TextRow } from "./index.ts";

async function rowsOf(text: string, options: Partial<DelimitedOptions> = {}): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  const chunks = new Blob([text]).stream();
  for await (const row of rowsFromDelimited(chunks, { file: "f", format: "csv", ...options })) rows.push(row);
  return rows;
}

test("reads .csv: order decides the role, quotes protect, a record of several lines has the number of its first", async () => {
  const rows = await rowsOf('question,label,answer\r\n"one, two\r\nthree",1,four\r\n\r\n"five","0.5",""\r\n');
  expect(rows).toEqual([
    { texts: ["one, two\nthree", "four"], label: 1, place: { file: "f", line: 2 } },
    { texts: ["five", ""], label: 0.5, place: { file: "f", line: 5 } },
  ]);
});

test("reads .tsv without quoting: a quote is a character", async () => {
  const rows = await rowsOf('a\tb\n"x\ty" z\n', { format: "tsv" });
  expect(rows.map((row) => row.texts)).toEqual([['"x', 'y" z']]);
});

test.each([
  ["another number of fields", "x,y,z", "the row has 3 fields. Got `x | y | z`, expected 2, as in the header (a, b)"],
  ["text after a closing quote", '"x" y,z', "field 1 goes on after its closing quote"],
  ["a quote inside a field", 'x "y",z', "field 1 has a quote in it but does not begin with one"],
])("refuses %s with file and line, or skips and counts it", async (_, line, problem) => {
  const text = `a,b\n1,2\n${line}\n3,4\n`;
  await expect(rowsOf(text)).rejects.toThrow(`f:3: rowsFromDelimited: ${problem}`);
  let skipped = 0;
  const rows = await rowsOf(text, { onBadLine: "skip", onSkip: () => skipped++ });
  expect(rows.map((row) => row.texts)).toEqual([
    ["1", "2"],
    ["3", "4"],
  ]);
  expect(skipped).toBe(1);
});

test("refuses a quote that is never closed at the line where it opened", async () => {
  await expect(rowsOf('a,b\n1,2\n"x,y\n3,4\n')).rejects.toThrow("f:3: rowsFromDelimited: a quote is never closed.");
});

test("a quote that is never closed is refused though bad lines are skipped, before it takes more memory than the longest line may", async () => {
  const skipping = { onBadLine: "skip", onSkip: () => {} } as const;
  await expect(rowsOf('a,b\n1,2\n"x,y\n3,4\n', skipping)).rejects.toThrow("f:3: rowsFromDelimited: a quote is never");
  let read = 0;
  async function* endless() {
    yield new TextEncoder().encode('a,b\n1,2\n"');
    for (; ; read++) yield new TextEncoder().encode("x\n".repeat(10));
  }
  const rows = rowsFromDelimited(endless(), { file: "f", format: "csv", maxLineBytes: 1000, ...skipping });
  const all = async () => {
    for await (const _ of rows);
  };
  await expect(all()).rejects.toThrow("f:3: rowsFromDelimited: a quote is never closed.");
  expect(read).toBeLessThan(100);
});

test("a stray quote that is closed far below makes its own line a bad one, and none of those between", async () => {
  for (const close of ['stray" quote,z', 'closed",y,z']) {
    const text = `a,b\n1,2\n"stray,y\n3,4\n5,6\n${close}\n7,8\n`;
    const skipped: number[] = [];
    const rows = await rowsOf(text, {
      onBadLine: "skip",
      onSkip: (error) => skipped.push(Number(error.details["line"])),
    });
    expect(rows.map(({ texts }) => texts)).toEqual([
      ["1", "2"],
      ["3", "4"],
      ["5", "6"],
      ["7", "8"],
    ]);
    expect(skipped).toEqual([3, 6]);
  }
  expect((await rowsOf('a,b\n"two\nlines",y\n')).map(({ texts }) => texts)).toEqual([["two\nlines", "y"]]);
});

test("refuses a score that is no number", async () => {
  for (const cell of ["", "high", "NaN", "1e999"]) {
    await expect(rowsOf(`a,b,score\nx,y,${cell}\n`)).rejects.toThrow(
      `f:2: rowsFromDelimited: the score is not a number. Got \`${cell}\``,
    );
  }
});

test("labels are numbers or names, as the first row has them, and a text may stand alone with one", async () => {
  const named = (await rowsOf("text,label\nx,sport\ny,7\n")).map(({ place: _, ...row }) => row);
  expect(named).toEqual([
    { texts: ["x"], label: "sport" },
    { texts: ["y"], label: "7" },
  ]);
  const both = (await rowsOf("a,b,score,label\nx,y,0.5,1\n")).map(({ place: _, ...row }) => row);
  expect(both).toEqual([{ texts: ["x", "y"], scores: [0.5], label: 1 }]);
  await expect(rowsOf("a,b,label\nx,y,1\nx,y,sport\n")).rejects.toThrow(
    "f:3: rowsFromDelimited: the label is not a number. Got `sport`, expected one, as in the first row",
  );
  await expect(rowsOf("a,b,label\nx,y,\n")).rejects.toThrow("f:2: rowsFromDelimited: the label is missing. Got ``");
  const [afterBlank] = await rowsOf("text,label\nx,\ny,sport\n", { onBadLine: "skip" });
  expect(afterBlank?.label).toBe("sport");
});

test.each([
  ["one column", "a\nx\n", "the header does not fit. Got `a`"],
  ["one text and a score", "a,score\nx,1\n", "the header does not fit. Got `a, score`"],
  ["two scores", "a,b,score,scores\n", "the header does not fit"],
  ["two labels", "a,b,label,labels\n", "the header does not fit"],
  ["an unnamed column", ",a,b\n0,x,y\n", "column 1 of the header has no name"],
])("refuses a header with %s, whatever the policy", async (_, text, problem) => {
  await expect(rowsOf(text, { onBadLine: "skip" })).rejects.toThrow(`f:1: rowsFromDelimited: ${problem}`);
});

test("refuses a file without rows", async () => {
  await expect(rowsOf("")).rejects.toThrow("f: rowsFromDelimited: no rows. Got an empty file");
  await expect(rowsOf("a,b\n")).rejects.toThrow("f: rowsFromDelimited: no rows. Got a header");
});
