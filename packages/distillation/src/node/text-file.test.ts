import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DataError } from "@kindred/errors";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { describeTextFile, readTextFile, writeTextFiles } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "kindred-texts-"));
afterAll(() => rmSync(folder, { recursive: true }));
const [one, other] = ["one.jsonl", "other.jsonl"].map((name) => join(folder, name)) as [string, string];

async function textsIn(path: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of readTextFile(path)) texts.push(text);
  return texts;
}

test("every text that is more than white space is in one file, once, as it was", async () => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("a", "b\nc", "\u2028", "\ud800", " ")),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (given) => {
      const fileOf = (text: string) => (text.length % 2 === 0 ? "even" : "odd");
      const { files, repeated, empty } = await writeTextFiles({ even: one, odd: other }, given, { fileOf });
      const distinct = [...new Set(given)].filter((text) => text.trim() !== "");
      const [even, odd] = [await textsIn(one), await textsIn(other)];
      expect(even).toEqual(distinct.filter((text) => text.length % 2 === 0));
      expect(odd).toEqual(distinct.filter((text) => text.length % 2 === 1));
      expect(empty + repeated + distinct.length).toBe(given.length);
      expect(await describeTextFile(one)).toEqual(files["even"]);
      expect(await describeTextFile(other)).toEqual(files["odd"]);
    }),
    { numRuns: 10 },
  );
});

test("a source that fails leaves the files as they were; a file that is another's is named", async () => {
  await writeTextFiles({ texts: one }, ["kept"]);
  function* failing() {
    yield "new";
    throw new Error("the source failed");
  }
  await expect(writeTextFiles({ texts: one, others: other }, failing())).rejects.toThrow("the source failed");
  expect(await textsIn(one)).toEqual(["kept"]);
  expect(readdirSync(folder).sort()).toEqual(["one.jsonl", "other.jsonl"]);
  writeFileSync(other, '{"text":"a"}\n{"label":1}\n');
  await expect(textsIn(other)).rejects.toThrow(DataError);
  await expect(textsIn(other)).rejects.toThrow(`${other}:2: no text of a distillation`);
});
