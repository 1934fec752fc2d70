import { createHash } from "node:crypto";

/** Rows of texts by the texts themselves, each once. */
export type TextRows = {
  /** How many there are. */
  readonly size: number;
  /** The row of a text that is there; else it is given the next one, and `isNew`. */
  add(text: string): { readonly row: number; readonly isNew: boolean };
  /** The row of a text; undefined where it is not among them. */
  rowOf(text: string): number | undefined;
};

/**
 * Numbers texts as they come, without keeping them: of each there are 64 bits of its SHA-256, so that ten million take 240 MB at most, however
 * long they are. Of n texts two fall together with a chance of n² / 2⁶⁵: 3 · 10⁻⁶ of ten million.
 *
 * @example
 * ```ts
 * import { textRows } from "@kindred/distillation/node";
 *
 * const rows = textRows();
 * ["a cat", "a dog", "a cat"].map((text) => rows.add(text).row); // => [0, 1, 0]
 * rows.rowOf("a dog"); // => 1
 * ```
 */
export function textRows(): TextRows {
  let places = 1024; // a power of two, at most half of them taken
  let keys = new Uint32Array(2 * places);
  let rows = new Int32Array(places).fill(-1);
  let size = 0;
  /** The place of a key, or the free one where it belongs. `!` below: places are in range. */
  const placeOf = (low: number, high: number) => {
    let place = low & (places - 1);
    while (rows[place]! >= 0 && (keys[2 * place] !== low || keys[2 * place + 1] !== high))
      place = (place + 1) & (places - 1);
    return place;
  };
  const put = (place: number, [low, high]: Key, row: number) => {
    keys[2 * place] = low;
    keys[2 * place + 1] = high;
    rows[place] = row;
  };
  const grow = () => {
    const [oldKeys, oldRows] = [keys, rows];
    places *= 2;
    keys = new Uint32Array(2 * places);
    rows = new Int32Array(places).fill(-1);
    for (const [place, row] of oldRows.entries()) {
      if (row < 0) continue;
      const key: Key = [oldKeys[2 * place]!, oldKeys[2 * place + 1]!];
      put(placeOf(...key), key, row);
    }
  };
  return {
    get size() {
      return size;
    },
    add(text) {
      const key = keyOf(text);
      const place = placeOf(...key);
      const there = rows[place]!;
      if (there >= 0) return { row: there, isNew: false };
      put(place, key, size++);
      if (2 * size > places) grow();
      return { row: size - 1, isNew: true };
    },
    rowOf(text) {
      const row = rows[placeOf(...keyOf(text))]!;
      return row < 0 ? undefined : row;
    },
  };
}

type Key = readonly [low: number, high: number];

/** Half a surrogate pair is its own code unit here, where UTF-8 would make all of them one. */
function keyOf(text: string): Key {
  const digest = createHash("sha256").update(Buffer.from(text, "utf16le")).digest();
  return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
}
