import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveModelFolder } from "@kindred/model-folder/node";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { toySaved } from "../../../../packages/sentence-encoder/test-support/toy-model.ts";
import { indexTexts } from "./index-texts.ts";
import { searchTexts } from "./search-texts.ts";

const texts = ["the cat sat on the mat.", "a dog", "", "cats \u2028 sat"];
const signal = new AbortController().signal;

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kindred-search-"));
  await saveModelFolder(at("model"), toySaved());
  writeFileSync(at("texts.txt"), `${texts.join("\n")}\n`);
  writeFileSync(at("queries.txt"), `${texts[0]}\n${texts[1]}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a command writes to standard output, run in this thread, on kernels that need no flag of V8. */
async function outputOf(command: typeof indexTexts, ...argv: string[]): Promise<string> {
  let output = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk, encoding, done?) => {
    output += chunk;
    const told = typeof encoding === "function" ? encoding : done;
    told?.(null);
    return true;
  });
  try {
    await command([...argv, "--quiet", "--no-revectorize"], signal);
    return output;
  } finally {
    write.mockRestore();
  }
}

const index = (...argv: string[]) =>
  outputOf(indexTexts, "--model", at("model"), "--input", at("texts.txt"), "--cores", "1", ...argv);
/** As the texts were encoded: a query then finds itself. */
const search = (...argv: string[]) =>
  outputOf(
    searchTexts,
    ...(argv.includes("--index") ? [] : ["--index", at("index")]),
    "--cores",
    "1",
    "--prompt-name",
    "document",
    ...argv,
  );

test("an index of a file's texts finds them again, by queries of the command line and of a file", async () => {
  const done = JSON.parse(
    (await index("--output", at("index"), "--precision", "int8", "--json")).trimEnd().split("\n").at(-1) ?? "",
  );
  expect(done).toMatchObject({ type: "done", rows: 4, truncated: 0, precision: "int8", similarity: "cosine" });
  const [first] = texts;
  const found = JSON.parse(await search(first ?? "", "--top-k", "2", "--json"));
  expect(found).toEqual({ query: first, hits: [expect.anything(), expect.anything()] });
  expect(found.hits[0]).toEqual({ row: 0, score: expect.closeTo(1, 6), text: first });
  const lines = await search("--input", at("queries.txt"), "--top-k", "1");
  expect(lines).toBe(`${first}\n  1.0000  0        ${first}\na dog\n  1.0000  1        a dog\n`);
});

test("queries have the model's prompt for queries, unless another is named", async () => {
  const prompted = JSON.parse(await outputOf(searchTexts, "--index", at("index"), "--cores", "1", "--json", "a dog"));
  const written = JSON.parse(await search("--json", "find: a dog"));
  expect(prompted.hits).toEqual(written.hits);
  expect(JSON.parse(await search("--json", "a dog")).hits).not.toEqual(written.hits);
});

test("without texts it gives rows, and another one takes its place only when told", async () => {
  await index("--output", at("bare"), "--no-texts");
  const found = await search("--index", at("bare"), "a dog", "--top-k", "1");
  expect(found).toBe("  1.0000  1\n");
  await expect(index("--output", at("bare"))).rejects.toThrow(/there is something at --output already/);
  await index("--output", at("bare"), "--overwrite", "--truncate-dim", "3");
  const shorter = await search("--index", at("bare"), "a dog", "--top-k", "1");
  expect(shorter).toBe("  1.0000  1        a dog\n");
});

test("what does not fit is refused before a model is loaded, and leaves nothing", async () => {
  await expect(outputOf(indexTexts)).rejects.toThrow(/--model is missing/);
  await expect(index("--output", at("new"), "a text")).rejects.toThrow(/“a text”, which is no file/);
  await expect(index("--output", at("new"), "--precision", "uint8")).rejects.toThrow(/precision/);
  await expect(index("--output", at("new"), "--precision", "int8", "--similarity", "manhattan")).rejects.toThrow(
    /manhattan/,
  );
  await expect(index("--output", at("new"), "--input", at("none.txt"))).rejects.toThrow(/none\.txt/);
  expect(existsSync(at("new"))).toBe(false);
  await expect(outputOf(searchTexts, "a dog")).rejects.toThrow(/--index is missing/);
  await expect(search()).rejects.toThrow(/there is no query/);
  await expect(outputOf(searchTexts, "--index", at("nowhere"), "a dog")).rejects.toThrow(/nowhere is no index/);
  await expect(outputOf(searchTexts, "--index", at("bare"), "a dog", "--rescore", "3")).rejects.toThrow(
    /--rescore is for an index of fewer bits/,
  );
  expect(await outputOf(indexTexts, "--help")).toContain("kindred-encode search --index my-index");
  expect(await outputOf(searchTexts, "--help")).toContain("--top-k");
});
