// What kindred-encode refuses before it works: each with its exit code, in one line.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bin, commandIn, toyFolder } from "../test-support/command-in.ts";

let folder: string;
beforeAll(async () => {
  folder = await toyFolder();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const encode = (...args: string[]) => commandIn(folder, args);

test
  .skipIf(!existsSync("/dev/full"))
  .each([
    ["--help"],
    ["inspect model"],
    ["inspect model --json"],
    ["tokenize --model model a"],
    ["--model model a b --similarity"],
    ["--model model --input texts.txt"],
  ])("a full disk behind standard output is told, in one line, of %s", (line) => {
  const full = openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(process.execPath, [bin, "--own-node", ...line.split(" ")], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", full, "pipe"],
  });
  closeSync(full);
  expect([status, stderr]).toEqual([1, "standard output: no space left on the disk (ENOSPC).\n"]);
});

describe("refuses, with its exit code and in one line,", () => {
  test.each<[string, string[], number, RegExp]>([
    ["no model", ["text"], 2, /--model is missing/],
    [
      "weights that the backend has not",
      ["--model", "model", "x", "--backend", "cpu", "--weights", "int8"],
      2,
      /^kindred-encode: --backend cpu has weights of float32 alone\. Got --weights int8\./,
    ],
    ["nothing to encode", ["--model", "model"], 2, /nothing to encode/],
    ["an unknown option", ["--model", "model", "x", "--simlarity"], 2, /Did you mean --similarity\?/],
    ["texts and a file", ["--model", "model", "--input", "texts.txt", "x"], 2, /both --input and texts/],
    [
      "a limit that the model has not",
      ["--model", "model", "x", "--max-length", "600"],
      2,
      /^--max-length: more than the model can read\. Got 600, expected .* 2 to its 32 tokens/,
    ],
    [
      "numbers that the model's vectors have not",
      ["--model", "model", "x", "--truncate-dim", "13"],
      2,
      /^--truncate-dim: more than a vector of the model has\. Got 13, expected .* 1 to its 12 numbers/,
    ],
    [
      "the same of an index",
      ["index", "--model", "model", "--input", "texts.txt", "--output", "index", "--truncate-dim", "13"],
      2,
      /^--truncate-dim: more than a vector of the model has\. Got 13/,
    ],
    [
      "an option of XLA without XLA",
      ["--model", "model", "x", "--products", "bfloat16"],
      2,
      /^kindred-encode: --products says something to XLA alone\. Got --backend wasm\./,
    ],
    [
      "threads for XLA",
      ["--model", "model", "x", "--backend", "xla", "--cores", "2"],
      2,
      /how many devices \(--devices\)/,
    ],
    [
      "a plugin that is not there",
      ["--model", "model", "x", "--backend", "xla", "--plugin", "nowhere.so"],
      2,
      /nowhere\.so/,
    ],
    ["a profile of XLA", ["--model", "model", "x", "--backend", "xla", "--profile"], 2, /choose --backend wasm/],
    ["a folder that is no model", ["--model", ".", "x"], 3, /config\.json: the file is missing/],
    [
      "the file that is read as output",
      ["--model", "model", "--input", "rows.jsonl.gz", "in.jsonl", "--output", "in.jsonl"],
      2,
      /^--output: the same file as is read\. Got in\.jsonl/,
    ],
    [
      "a shard of standard output",
      ["--model", "model", "--input", "texts.txt", "--shard", "0/2"],
      2,
      /--shard is about a file\. Say which: --output FILE/,
    ],
    [
      "a calibration of nothing",
      ["--model", "model", "--input", "texts.txt", "--calibration", "texts.txt"],
      2,
      /--calibration is for 8-bit numbers/,
    ],
    ["ids of texts", ["--model", "model", "x", "--id-field", "id"], 2, /--id-field, .* are about rows of files/],
    ["a missing file", ["--model", "model", "--input", "nowhere.txt"], 3, /nowhere\.txt: openDataset: no such file/],
    [
      "an unknown kind of input",
      ["--model", "model", "--input", "texts.pdf"],
      3,
      /expected a name that ends in \.jsonl, \.csv, \.tsv or \.txt/,
    ],
    [
      "an unknown kind of output",
      ["--model", "model", "--input", "texts.txt", "--output", "a.csv"],
      2,
      /expected \.npy, \.jsonl, \.safetensors or \.parquet/,
    ],
    ...["x.npy", "x.jsonl", "x.safetensors"].map((name): [string, string[], number, RegExp] => [
      `an output ${name} in a folder that is not there, before it looks for the model`,
      ["--model", "nowhere", "x", "--output", join("nodir", name)],
      2,
      /^--output: no such folder\. Got nodir.*Make nodir first\./,
    ]),
    [
      "tokens into a folder that is not there",
      ["tokenize", "--model", "model", "--input", "texts.txt", "--output", join("nodir", "x.jsonl")],
      2,
      /^--output: no such folder/,
    ],
  ])("%s", (_, args, expected, message) => {
    const { code, stdout, stderr } = encode(...args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([code, stdout]).toEqual([expected, ""]);
  });

  test("a row without text, by file and line, and leaves no output behind", () => {
    writeFileSync(join(folder, "bad.jsonl"), '{"text": "a"}\n{"txt": "b"}\n');
    const before = readdirSync(folder);
    for (const output of ["bad.npy", "bad.out.jsonl", "bad.safetensors"]) {
      const { code, stderr } = encode("--model", "model", "--input", "bad.jsonl", "--output", output);
      expect(stderr).toMatch(/^bad\.jsonl:2: rowsFromJsonl: has no column "text", only txt\./);
      expect(code).toBe(3);
    }
    expect(readdirSync(folder)).toEqual(before);
  });
});
