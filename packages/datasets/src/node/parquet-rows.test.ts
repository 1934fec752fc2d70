import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@kindred/errors";
import "@kindred/testing";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, expect, test } from "vitest";
import { openDataset } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "parquet-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Uint8Array): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const column = (name: string, data: readonly unknown[]) => ({ name, data: [...data] });
const anchors = Array.from({ length: 50 }, (_, i) => `question ${i}`);
const columnData = [
  column("anchor", anchors),
  column(
    "positive",
    anchors.map((text) => `${text}?`),
  ),
];
const whole = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 20, codec: "UNCOMPRESSED" }));

test("a file is read in a thread of its own, as often as it is asked, and left early", async () => {
  const dataset = openDataset(file("pairs.parquet", whole));
  for (const _ of [1, 2]) {
    const texts: (readonly string[])[] = [];
    for await (const row of dataset.rows()) texts.push(row.texts);
    expect(texts).toEqual(anchors.map((text) => [text, `${text}?`]));
  }
  for await (const { texts } of dataset.rows()) {
    expect(texts).toEqual(["question 0", "question 0?"]);
    break;
  }
  expect(() => openDataset(file("pairs.parquet.gz", whole))).toThrow("openDataset: unknown kind of file.");
});

test("the part that is read is known by the rows that the file says it has", async () => {
  const shares: (number | undefined)[] = [];
  const pass = openDataset(file("pairs.parquet", whole)).rows();
  expect(pass.share).toBe(0);
  for await (const _ of pass) shares.push(pass.share);
  expect(shares).toBeCloseToArray(
    anchors.map((_, i) => (i + 1) / 50),
    { tolerance: 1e-15 },
  );
});

test("a damaged file gives rows or a DataError, and nothing else", async () => {
  for (let i = 0; i < 24; i++) {
    const damaged = whole.slice();
    const at = Math.floor((i / 24) * (whole.length - 9)) + 4;
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    const dataset = openDataset(file("damaged.parquet", damaged), { onBadLine: "skip" });
    try {
      for await (const { texts } of dataset.rows()) expect(texts).toHaveLength(2);
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
    }
  }
}, 120_000);
