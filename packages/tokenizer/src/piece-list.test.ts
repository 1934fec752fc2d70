import fc from "fast-check";
import { expect, test } from "vitest";
import { PieceList } from "./piece-list.ts";

test("keeps what is pushed, in order, moved by the origin", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(9), fc.nat(9)), { maxLength: 700 }), fc.nat(9), (pushed, origin) => {
      const pieces = new PieceList();
      pieces.origin = origin;
      for (const piece of pushed) pieces.push(...piece);
      expect([...pieces.ids.slice(0, pieces.count)]).toEqual(pushed.map(([id]) => id));
      const offsets = pushed.flatMap(([, start, end]) => [origin + start, origin + end]);
      expect([...pieces.offsets.slice(0, 2 * pieces.count)]).toEqual(offsets);
    }),
    { numRuns: 30 },
  );
});

test("is full at its limit and never without one", () => {
  const pieces = new PieceList();
  pieces.push(1, 0, 1);
  expect(pieces.full).toBe(false);
  pieces.limit = 1;
  expect(pieces.full).toBe(true);
});

test("clearing keeps memory for usual texts only", () => {
  const pieces = new PieceList();
  const fill = (count: number) => {
    for (let i = 0; i < count; i++) pieces.push(i, 0, 1);
    pieces.clear();
    expect(pieces.count).toBe(0);
    return pieces.ids.length;
  };
  expect(fill(1000)).toBe(1024);
  expect(fill(100_000)).toBe(256);
});

test("clearing forgets where a reader that threw had come to", () => {
  const pieces = new PieceList();
  pieces.origin = 84;
  pieces.clear();
  pieces.push(1, 0, 5);
  expect([...pieces.offsets.slice(0, 2)]).toEqual([0, 5]);
});
