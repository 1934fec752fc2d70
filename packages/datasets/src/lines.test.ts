import { DataError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { lines, type LinesOptions } from "./index.ts";

async function* chunksOf(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
  yield bytes.subarray(at);
}

const encoder = new TextEncoder();

async function textsOf(input: string | Uint8Array, options: Partial<LinesOptions> = {}, sizes: readonly number[] = []) {
  const bytes = typeof input === "string" ? encoder.encode(input) : input;
  const texts: string[] = [];
  for await (const line of lines(chunksOf(bytes, sizes), { file: "f", ...options })) texts.push(line.text);
  return texts;
}

test("reads \\n and \\r\\n, with or without an end on the last line", async () => {
  expect(await textsOf("a\r\nb\n\nc")).toEqual(["a", "b", "", "c"]);
  expect(await textsOf("a\n")).toEqual(["a"]);
  expect(await textsOf("")).toEqual([]);
  expect(await textsOf("\n")).toEqual([""]);
});

test("drops a byte order mark at the very start and nowhere else", async () => {
  expect(await textsOf("\ufeffa\n\ufeffb")).toEqual(["a", "\ufeffb"]);
  expect(await textsOf("\ufeffa", {}, [1, 1])).toEqual(["a"]);
});

// Everything that some line reader splits at, weighted so that the runs meet each other and the ends of chunks.
const lineText = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\n", "\r", "\r\n", "\u2028", "\u2029", "\u0085", "\f", "\v"),
    fc.string({ unit: "binary", maxLength: 2 }),
  ),
});

test("splits where the text has \\n and nowhere else, whatever the chunks", async () => {
  await fc.assert(
    fc.asyncProperty(lineText, fc.array(fc.nat(5)), async (drawn, sizes) => {
      const bytes = encoder.encode(drawn);
      // By the encoder: a lone surrogate cannot stand in a UTF-8 file.
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).replace(/^\ufeff/, "");
      const expected = text.split("\n").map((line) => line.replace(/\r$/, ""));
      if (text === "" || text.endsWith("\n")) expected.pop();
      expect(await textsOf(bytes, {}, sizes)).toEqual(expected);
    }),
  );
});

test("a producer that reuses the memory of its chunks does no harm", async () => {
  const memory = new Uint8Array(2);
  async function* reusing() {
    for (const pair of ["ab", "cd", "\ne"]) {
      encoder.encodeInto(pair, memory);
      yield memory;
    }
  }
  const texts: string[] = [];
  for await (const line of lines(reusing(), { file: "f" })) texts.push(line.text);
  expect(texts).toEqual(["abcd", "e"]);
});

test("refuses bytes that are not UTF-8, naming the line, or skips and reports just that line", async () => {
  const bytes = Uint8Array.of(0x61, 0x0a, 0xff, 0x0a, 0x62);
  await expect(textsOf(bytes)).rejects.toThrow(
    new DataError(
      { file: "f", line: 2 },
      "lines: the line is not UTF-8. Got invalid bytes, expected UTF-8 text. Convert the file, with iconv say.",
      { reason: "not UTF-8" },
    ),
  );
  const skipped: (number | undefined)[] = [];
  expect(await textsOf(bytes, { onBadLine: "skip", onSkip: (error) => skipped.push(error.line) })).toEqual(["a", "b"]);
  expect(skipped).toEqual([2]);
});

test.each([
  ["gzip", [0x1f, 0x8b, 8, 0], "Got gzip data. Give the file a name that ends in .gz."],
  ["Zstandard", [0x28, 0xb5, 0x2f, 0xfd, 0], "Got Zstandard data. Give the file a name that ends in .zst."],
  ["a spreadsheet", [0x50, 0x4b, 3, 4, 0xff], "Got a ZIP file, or what a spreadsheet saves."],
  [
    "UTF-16 with its mark",
    [0xff, 0xfe, 0x61, 0],
    "Got UTF-16, expected UTF-8 text. Convert the file: iconv -f UTF-16 -t UTF-8.",
  ],
  ["UTF-16 without, which would be UTF-8", [..."abcdef"].flatMap((letter) => [letter.charCodeAt(0), 0]), "Got UTF-16,"],
  ["the same the other way round", [..."abcdef"].flatMap((letter) => [0, letter.charCodeAt(0)]), "Got UTF-16,"],
])("says what a file is that begins like %s", async (_, bytes, message) => {
  await expect(textsOf(Uint8Array.from(bytes))).rejects.toThrow(`f:1: lines: the line is not UTF-8. ${message}`);
});

test("refuses a line of more than maxLineBytes, its end not counted, whatever the chunks", async () => {
  const options = { maxLineBytes: 4, onBadLine: "skip" } as const;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(4)), async (sizes) => {
      expect(await textsOf("1234\r\n12345\n1234567890\n12345\r\n1234", options, sizes)).toEqual(["1234", "1234"]);
    }),
  );
  await expect(textsOf("12345", { maxLineBytes: 4 })).rejects.toThrow("f:1: lines: the line is too long.");
});
