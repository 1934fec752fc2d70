import fc from "fast-check";
import { expect, test } from "vitest";
import { SymbolList } from "./symbol-list.ts";

const ownIds = Int32Array.from({ length: 256 }, (_, byte) => byte);
const known = { unknownId: -1, fusesUnknown: false };
const read = (symbols: SymbolList) => {
  const list: (number | undefined)[][] = [];
  for (let at = symbols.count > 0 ? 0 : -1; at >= 0; at = symbols.next[at] ?? -1)
    list.push([symbols.ids[at], symbols.starts[at], symbols.ends[at]]);
  return list;
};

test("spells any text as its bytes in UTF-8, each with the place of its character", () => {
  const symbols = new SymbolList(ownIds, known);
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.oneof(
          fc.string({ unit: "binary" }),
          fc.nat(0xffff).map((code) => String.fromCharCode(code)),
        ),
        maxLength: 40,
      }),
      (text) => {
        symbols.spell(text, 0, text.length);
        const list = read(symbols);
        expect(list.map(([id]) => id)).toEqual([...new TextEncoder().encode(text)]); // which writes U+FFFD for a lone surrogate
        for (const [, start = 0, end = 0] of list) expect([...text.slice(start, end)].length).toBe(1);
        symbols.clear();
      },
    ),
  );
});

test("bytes without an entry are left out, unknown, or unknown together", () => {
  const ids = Int32Array.from(ownIds);
  ids.fill(-1, 0x80);
  const spelled = (unknown: typeof known) => {
    const symbols = new SymbolList(ids, unknown);
    symbols.spell("aéb€", 0, 4);
    return read(symbols);
  };
  expect(spelled(known)).toEqual([
    [97, 0, 1],
    [98, 2, 3],
  ]);
  expect(spelled({ unknownId: 7, fusesUnknown: false }).map(([id]) => id)).toEqual([97, 7, 7, 98, 7, 7, 7]);
  expect(spelled({ unknownId: 7, fusesUnknown: true })).toEqual([
    [97, 0, 1],
    [7, 1, 2],
    [98, 2, 3],
    [7, 3, 4],
  ]);
});

test("symbols are joined in any order", () => {
  const symbols = new SymbolList(ownIds, known);
  symbols.spell("abcd", 0, 4);
  symbols.join(2, 3, 900);
  symbols.join(0, 1, 901);
  expect(read(symbols)).toEqual([
    [901, 0, 2],
    [900, 2, 4],
  ]);
  expect(symbols.previous[2]).toBe(0);
  symbols.join(0, 2, 902);
  expect(read(symbols)).toEqual([[902, 0, 4]]);
});
