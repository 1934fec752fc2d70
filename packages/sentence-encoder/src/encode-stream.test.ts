import { ConfigError, DataError } from "@kindred/errors";
import type { Precision } from "@kindred/vectors";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toyFiles } from "../test-support/toy-model.ts";
import type { EncodeOptions } from "./encode-options.ts";
import { type EncodedWindow, encodeStream } from "./encode-stream.ts";
import type { SentenceEncoder } from "./sentence-encoder.ts";
import { sentenceEncoderFromFiles } from "./sentence-encoder-from-files.ts";

let encoder: SentenceEncoder;
beforeAll(async () => {
  encoder = await sentenceEncoderFromFiles(await toyFiles());
});
afterAll(() => encoder.close());

const texts = fc.array(
  fc.array(fc.constantFrom("the", "cat", "dogs", "."), { maxLength: 12 }).map((words) => words.join(" ")),
  {
    maxLength: 20,
  },
);

async function all<T>(windows: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const window of windows) seen.push(window);
  return seen;
}

/** A source that counts what was read of it and whether it was left, and fails at its end if it is given an error. */
function source(list: readonly string[], error?: Error) {
  const seen = { read: 0, left: false };
  async function* read() {
    try {
      for (const text of list) {
        seen.read++;
        yield text;
      }
      if (error !== undefined) throw error;
    } finally {
      seen.left = true;
    }
  }
  return { seen, texts: read() };
}

const rowsOf = (windows: readonly EncodedWindow[]) => windows.flatMap(({ encoded }) => [...encoded.embeddings]);

test("gives every text in order, in windows of the size asked for, with the vectors of one call bit for bit", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 9 }), async (list, windowTexts) => {
      const windows = await all(encoder.encodeStream(source(list).texts, { windowTexts }));
      expect(windows.flatMap((window) => window.texts)).toEqual(list);
      expect(windows.map(({ start }) => start)).toEqual(windows.map((_, i) => i * windowTexts));
      expect(rowsOf(windows)).toEqual([...(await encoder.encode(list)).embeddings]);
    }),
    { numRuns: 30 },
  );
});

test("goes on from any text as if it had never stopped", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.nat(22), fc.integer({ min: 1, max: 9 }), async (list, from, windowTexts) => {
      const whole = rowsOf(await all(encoder.encodeStream(list)));
      const rest = await all(encoder.encodeStream(list, { from, windowTexts }));
      expect(rowsOf(rest)).toEqual(whole.slice(12 * from));
      expect(rest[0]?.start ?? from).toBe(from);
    }),
    { numRuns: 30 },
  );
});

test("a source that fails gives what came before it, then its error", async () => {
  const error = new DataError({ file: "texts.jsonl", line: 4 }, "no text.");
  const { texts } = source(["a", "b", "the cat"], error);
  const seen: string[] = [];
  const reading = (async () => {
    for await (const window of encoder.encodeStream(texts, { windowTexts: 2 })) seen.push(...window.texts);
  })();
  await expect(reading).rejects.toBe(error);
  expect(seen).toEqual(["a", "b", "the cat"]);
});

test("reads no more than two windows ahead of its reader, and lets go of the source when that leaves", async () => {
  const { seen, texts } = source(Array.from({ length: 40 }, () => "the cat"));
  const windows = encoder.encodeStream(texts, { windowTexts: 3 });
  await windows.next();
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(seen).toEqual({ read: 6, left: false });
  await windows.return();
  expect(seen.left).toBe(true);
  expect((await encoder.encode("a cat")).embeddings.length).toBe(12); // what was at work is given up, the encoder goes on
});

test("progress counts texts up to the last", async () => {
  const seen: number[] = [];
  const list = ["the cat", "a", "mat", "dogs", "."];
  const onProgress = (done: number) => seen.push(done);
  await all(encoder.encodeStream(list, { from: 1, windowTexts: 2, onProgress }));
  expect(seen.at(-1)).toBe(4);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("a signal ends it with its reason", async () => {
  const controller = new AbortController();
  const windows = encoder.encodeStream(source(["a", "b", "c"]).texts, { windowTexts: 1, signal: controller.signal });
  await windows.next();
  controller.abort(new Error("enough"));
  await expect(all(windows)).rejects.toThrow("enough");
});

test("bits are taken by ranges that all windows share", async () => {
  const ranges = { minimum: new Float32Array(12).fill(-1), maximum: new Float32Array(12).fill(1) };
  const list = ["the cat", "a dog", "mat"];
  const windows = await all(encoder.encodeStream(list, { windowTexts: 1, precision: "int8", ranges }));
  expect(rowsOf(windows)).toEqual([...(await encoder.encode(list, { precision: "int8", ranges })).embeddings]);
  await expect(all(encoder.encodeStream(list, { precision: "uint8" }))).rejects.toThrow(/uint8 needs ranges/);
});

test("refuses what it cannot do, in its own words", async () => {
  for (const options of [{ from: -1 }, { from: 0.5 }, { windowTexts: 0 }])
    await expect(all(encoder.encodeStream([], options))).rejects.toThrow(ConfigError);
  await expect(all(encoder.encodeStream("a text"))).rejects.toThrow(/one string.*Put it in a list/);
  await expect(all(encoder.encodeStream(["a"], { maxLenght: 3 } as object))).rejects.toThrow(/Did you mean maxLength/);
});

test("a text that comes again in a window is encoded once, and gives the same rows, cut texts and token counts", async () => {
  const list = [
    "cat",
    "the cat sat on the mat the cat sat on the mat the",
    "cat",
    "dogs",
    "cat",
    "the cat sat on the mat the cat sat on the mat the",
  ];
  const asked: (readonly string[])[] = [];
  const encode = async (distinct: readonly string[], options: EncodeOptions & { precision?: Precision }) => {
    asked.push(distinct);
    return encoder.encode(distinct, { ...options, precision: options.precision ?? "float32" });
  };
  for (const precision of ["float32", "ubinary", "binary"] as const) {
    const whole = await encoder.encode(list, { precision });
    const [window] = await all(encodeStream(encode, list, { precision }));
    expect(window).toEqual({ start: 0, texts: list, distinct: 3, encoded: whole });
  }
  expect([...new Set(asked.map((texts) => JSON.stringify(texts)))].map((text) => JSON.parse(text) as string[])).toEqual(
    [["cat", list[1], "dogs"]],
  );
  const windows = await all(encodeStream(encode, list, { windowTexts: 2 }));
  expect(windows.map(({ distinct }) => distinct)).toEqual([2, 2, 2]);
  expect(rowsOf(windows)).toEqual([...(await encoder.encode(list)).embeddings]);
});
