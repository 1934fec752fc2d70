import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FormatError } from "@kindred/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tokenizerFromVocab } from "../index.ts";
import { loadTokenizer } from "./index.ts";

const vocab = "<s>\n<pad>\n</s>\n[UNK]\nÉ\ne\n<mask>\n";
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
});
afterEach(() => rm(folder, { recursive: true }));
const write = (name: string, text: string) => writeFile(join(folder, name), text);

test("loads either file, and from a folder tokenizer.json before vocab.txt", async () => {
  await write("vocab.txt", vocab);
  expect((await loadTokenizer(join(folder, "vocab.txt"))).toVocab()).toBe(vocab);
  expect((await loadTokenizer(folder)).encode("É").ids[1]).toBe(5);
  await write("tokenizer.json", tokenizerFromVocab(vocab, { lowercase: false }).toJson());
  expect((await loadTokenizer(join(folder, "tokenizer.json"))).encode("É").ids[1]).toBe(4);
  expect((await loadTokenizer(folder)).encode("É").ids[1]).toBe(4);
});

test("takes the case of a vocab.txt from tokenizer_config.json beside it", async () => {
  await write("vocab.txt", vocab);
  await write("tokenizer_config.json", '{"do_lower_case":false,"strip_accents":null,"model_max_length":512}');
  expect((await loadTokenizer(folder)).encode("É").ids[1]).toBe(4);
});

test("refuses what is not there or broken, naming it", async () => {
  await expect(loadTokenizer(join(folder, "none"))).rejects.toThrow(FormatError);
  await expect(loadTokenizer(folder)).rejects.toThrow("the file is missing, and so is vocab.txt");
  await writeFile(join(folder, "vocab.txt"), Uint8Array.of(...new TextEncoder().encode(vocab), 0xff));
  for (const path of [folder, join(folder, "vocab.txt")])
    await expect(loadTokenizer(path)).rejects.toThrow(`${join(folder, "vocab.txt")}: not valid UTF-8`);
  await write("vocab.txt", vocab);
  await write("tokenizer_config.json", '{"do_lower_case":"no"}');
  await expect(loadTokenizer(folder)).rejects.toThrow("do_lower_case");
  await write("tokenizer_config.json", "{");
  await expect(loadTokenizer(folder)).rejects.toThrow(join(folder, "tokenizer_config.json"));
  await write("tokenizer_config.json", "{}");
  await write("tokenizer.json", "{}");
  await expect(loadTokenizer(folder)).rejects.toThrow(join(folder, "tokenizer.json"));
});
