import { gzipSync } from "node:zlib";
import { DataError } from "@kindred/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { gunzip } from "./index.ts";

async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
  }
  const pieces: number[] = [];
  for await (const piece of gunzip(chunks(), { file: "a.gz" })) pieces.push(...piece);
  return Uint8Array.from(pieces);
}

test("unpacks what gzip packed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
      expect(await unpack(gzipSync(bytes))).toEqual(bytes);
    }),
    { numRuns: 30 },
  );
});

test("refuses a file that stops early, at any byte", async () => {
  const packed = gzipSync("twelve bytes");
  for (let length = 1; length < packed.length; length++) {
    await expect(unpack(packed.subarray(0, length)), `${length} bytes`).rejects.toThrow(DataError);
  }
});

test("refuses a damaged checksum, damaged data and what is not gzip", async () => {
  for (const at of [0, 12, -5]) {
    const packed = new Uint8Array(gzipSync("twelve bytes"));
    packed[at < 0 ? packed.length + at : at]! ^= 0xff;
    await expect(unpack(packed)).rejects.toThrow("a.gz: gunzip: cannot unpack.");
  }
});

test("passes on an error of its source as it is", async () => {
  const reason = new RangeError("disk on fire");
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield gzipSync("x").subarray(0, 5);
    throw reason;
  }
  const reading = (async () => {
    for await (const _ of gunzip(failing(), { file: "a.gz" }));
  })();
  await expect(reading).rejects.toBe(reason);
});

test("closes its source when the reader leaves early", async () => {
  let closed = false;
  const packed = gzipSync(new Uint8Array(2 ** 20).map((_, i) => (i * i) >> 3));
  async function* source() {
    try {
      for (let at = 0; at < packed.length; at += 1000) yield new Uint8Array(packed.subarray(at, at + 1000));
    } finally {
      closed = true;
    }
  }
  for await (const _ of gunzip(source(), { file: "a.gz" })) break;
  expect(closed).toBe(true);
});
