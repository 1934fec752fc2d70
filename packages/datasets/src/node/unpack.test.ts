import { randomBytes } from "node:crypto";
import * as zlib from "node:zlib";
import { ConfigError, DataError } from "@kindred/errors";
import { describe, expect, test } from "vitest";
import { type Packing, unpack } from "./unpack.ts";

async function bytesOf(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, packing: Packing): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of unpack(chunks, { file: "f", packing })) all.push(chunk);
  return Buffer.concat(all);
}

const compressZstd: unknown = Reflect.get(zlib, "zstdCompressSync");
const packers: readonly (readonly [Packing, (bytes: Uint8Array) => Buffer])[] = [
  ["gz", (bytes) => zlib.gzipSync(bytes)],
  ...(typeof compressZstd === "function" ? [["zst", (bytes: Uint8Array) => compressZstd(bytes)] as const] : []),
];

describe.each(packers)("%s", (packing, pack) => {
  const parts = [randomBytes(100_000), Buffer.alloc(0), Buffer.from("the end")];

  test("of one file and of several joined, in chunks of any size", async () => {
    const joined = Buffer.concat(parts.map(pack));
    for (const size of [1 << 20, 1000, 7]) {
      const chunks = Array.from({ length: Math.ceil(joined.length / size) }, (_, i) =>
        joined.subarray(i * size, (i + 1) * size),
      );
      expect((await bytesOf(chunks, packing)).equals(Buffer.concat(parts))).toBe(true);
    }
  });

  test("refuses what is cut off, damaged or none, and passes an error of its source on", async () => {
    const whole = pack(parts[0] ?? Buffer.alloc(0));
    const damaged = Buffer.from(whole);
    damaged[5000] = (damaged[5000] ?? 0) ^ 255;
    for (const bad of [whole.subarray(0, 5000), Buffer.from("no packed file at all")])
      await expect(bytesOf([bad], packing)).rejects.toThrow(DataError);
    if (packing === "gz") await expect(bytesOf([damaged], packing)).rejects.toThrow(/f: unpack: cannot unpack/);
    async function* failing() {
      yield whole.subarray(0, 10);
      throw new RangeError("disk on fire");
    }
    await expect(bytesOf(failing(), packing)).rejects.toThrow("disk on fire");
  });
});

/** A Zstandard frame of one block as it stands, whose window is 2 to this power. */
function frame(text: string, windowLog: number): Buffer {
  const head = (text.length << 3) | 1; // the last block, not compressed
  const bytes = [0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, head & 255, (head >> 8) & 255, head >> 16];
  return Buffer.concat([Uint8Array.from(bytes), Buffer.from(text)]);
}

test.skipIf(typeof compressZstd !== "function")(
  "reads the long windows of Reddit dumps (zstd --long=31), which Node refuses unless told",
  async () => {
    const line = '{"body": "hello"}\n';
    for (const windowLog of [27, 28, 31])
      expect((await bytesOf([frame(line, windowLog)], "zst")).toString()).toBe(line);
    const unpackPlainly: unknown = Reflect.get(zlib, "zstdDecompressSync");
    expect(() => typeof unpackPlainly === "function" && unpackPlainly(frame(line, 31))).toThrow(/too much memory/);
  },
);

test.skipIf(!("threadCpuUsage" in process))("gzip is unpacked on other threads than this one", async () => {
  const words = Array.from({ length: 5000 }, (_, i) => `${(i * 7919) % 10_007}`).join(" ");
  const packed = zlib.gzipSync(Buffer.from(words.repeat(800)));
  const ofThread: unknown = Reflect.get(process, "threadCpuUsage");
  if (typeof ofThread !== "function") return;
  const [thread, all] = [ofThread.call(process), process.cpuUsage()];
  let length = 0;
  for await (const chunk of unpack([packed], { file: "f", packing: "gz" })) length += chunk.length;
  expect(length).toBe(words.length * 800);
  const [own, used] = [ofThread.call(process, thread), process.cpuUsage(all)];
  // 15 % is seen. On this thread all of it would be.
  expect(own.user + own.system).toBeLessThan(0.6 * (used.user + used.system));
});

test.skipIf(typeof compressZstd === "function")(
  "refuses .zst on a Node without Zstandard, naming the version",
  async () => {
    await expect(bytesOf([Uint8Array.of(1)], "zst")).rejects.toThrow(ConfigError);
    await expect(bytesOf([Uint8Array.of(1)], "zst")).rejects.toThrow(/this Node cannot read Zstandard.*Node 22\.15/);
  },
);
