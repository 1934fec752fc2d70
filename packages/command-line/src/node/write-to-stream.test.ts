import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { writeToStream } from "./index.ts";

test("waits for its reader once the stream is full, and loses nothing", async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  await writeToStream(stream, "ab");
  let more = false;
  const full = writeToStream(stream, "cdef").then(() => {
    more = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(more).toBe(false);
  const texts: string[] = [];
  stream.on("data", (piece) => texts.push(String(piece)));
  await full;
  expect(texts.join("")).toBe("abcdef");
});

test("fails with the stream's error", async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const waiting = writeToStream(stream, "abc");
  stream.destroy(new Error("EPIPE"));
  await expect(waiting).rejects.toThrow("EPIPE");
});
