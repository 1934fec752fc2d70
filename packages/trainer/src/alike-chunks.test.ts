import fc from "fast-check";
import { expect, test } from "vitest";
import { alikeChunks } from "./alike-chunks.ts";

/** Shares of as many sentences each, of these lengths; a sentence's ids are its number in all shares. */
const shares = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 })).chain(([devices, sentences]) =>
  fc
    .array(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: sentences, maxLength: sentences }), {
      minLength: devices,
      maxLength: devices,
    })
    .map((lengths) =>
      lengths.map((own, device) => {
        const numbers = Int32Array.from(own, (_, i) => device * sentences + i);
        const starts = [0];
        for (const length of own) starts.push((starts.at(-1) ?? 0) + length);
        const ids = Int32Array.from(own.flatMap((length, i) => Array<number>(length).fill(numbers[i] ?? -1)));
        return { batch: { ids, starts: Int32Array.from(starts) }, rows: numbers };
      }),
    ),
);
const most = fc.integer({ min: 1, max: 400 });

test("chunks hold each share's sentences in order, with their numbers, within the bound or alone", () => {
  fc.assert(
    fc.property(shares, most, (all, maxBatchTokens) => {
      const chunked = alikeChunks(all, { maxBatchTokens, blockRows: 16 });
      for (const [device, chunks] of chunked.entries()) {
        expect(chunks.flatMap(({ rows }) => [...rows])).toEqual([...(all[device]?.rows ?? [])]);
        expect(chunks.flatMap(({ batch }) => [...batch.ids])).toEqual([...(all[device]?.batch.ids ?? [])]);
        for (const { batch, rows } of chunks) {
          expect([...(batch.layout?.data.numbers ?? [])]).toEqual([...rows]);
          expect(batch.ids.length <= maxBatchTokens || rows.length === 1).toBe(true);
        }
      }
    }),
  );
});

test("chunk i is of one shape on all devices, and all but the last are of one shape", () => {
  fc.assert(
    fc.property(shares, most, (all, maxBatchTokens) => {
      const shapes = alikeChunks(all, { maxBatchTokens, blockRows: 16 }).map((chunks) =>
        chunks.map(({ batch }) => batch.layout?.fixed),
      );
      for (const other of shapes) expect(other).toEqual(shapes[0]);
      const [first, ...others] = shapes[0] ?? [];
      for (const shape of others.slice(0, -1)) expect(shape).toEqual(first);
      for (const shape of others) expect(shape?.blocks).toBe(first?.blocks);
    }),
  );
});

test("a few more chunks are made where that makes all alike, and numbers of blocks are even, or coarse where there are many", () => {
  const one = (sentences: number, length: number) => ({
    batch: {
      ids: new Int32Array(sentences * length),
      starts: Int32Array.from({ length: sentences + 1 }, (_, i) => i * length),
    },
    rows: Int32Array.from({ length: sentences }, (_, i) => i),
  });
  const shapesOf = (sentences: number, length: number, maxBatchTokens: number) =>
    alikeChunks([one(sentences, length)], { maxBatchTokens, blockRows: 64 })[0]?.map(
      ({ batch }) => batch.layout?.fixed,
    );
  // 13 chunks of 158 would do, with 152 in the last
  expect(shapesOf(2048, 25, 4096)?.map((fixed) => fixed?.batch)).toEqual(Array(16).fill(128));
  expect(shapesOf(3, 64, 4096)?.[0]).toMatchObject({ blocks: 4, rows: 256 });
  expect(shapesOf(1, 65, 4096)?.[0]).toMatchObject({ blocks: 1, longest: 128 });
  expect(shapesOf(65, 64, 8192)?.[0]?.blocks).toBe(72);
});
