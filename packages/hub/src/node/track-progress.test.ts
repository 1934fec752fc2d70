import fc from "fast-check";
import { expect, test } from "vitest";
import type { DownloadEvent } from "../download-event.ts";
import { trackProgress } from "./track-progress.ts";

const file = (path: string, bytes: number) => ({ path, bytes, digest: { algorithm: "sha256", hex: "" } }) as const;

test("tells at most every 100 ms, and when a file is complete", () => {
  const events: DownloadEvent[] = [];
  let now = 0;
  const track = trackProgress(
    { totalBytes: 30, cachedBytes: 10 },
    (event) => events.push(event),
    () => now,
  );
  for (const [time, bytes] of [
    [0, 1],
    [50, 2],
    [99, 3],
    [100, 4],
    [101, 20],
  ] as const) {
    now = time;
    track(file("a", 20), bytes);
  }
  expect(events.map((event) => event.type === "progress" && [event.fileBytes, event.bytes])).toEqual([
    [1, 11],
    [4, 14],
    [20, 30],
  ]);
});

test("the bytes of all are those of each and of the cache, whatever the order, restarts included", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(100))), fc.nat(50), (calls, cachedBytes) => {
      let last = cachedBytes;
      let now = 0;
      const track = trackProgress(
        { totalBytes: 1000, cachedBytes },
        (event) => {
          if (event.type === "progress") last = event.bytes;
        },
        () => (now += 100),
      );
      const latest = new Map<number, number>();
      for (const [index, bytes] of calls) {
        track(file(String(index), 100), bytes);
        latest.set(index, bytes);
      }
      expect(last).toBe([...latest.values()].reduce((total, bytes) => total + bytes, cachedBytes));
    }),
  );
});
