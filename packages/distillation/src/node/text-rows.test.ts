import fc from "fast-check";
import { expect, test } from "vitest";
import { textRows } from "./index.ts";

test("numbers texts as a map does, also half surrogate pairs, as many as make the table grow", () => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("", "a", "\ud800", "\udfff", "\ufffd")),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(texts, (given) => {
      const [rows, map] = [textRows(), new Map<string, number>()];
      for (const text of given) {
        const isNew = !map.has(text);
        if (isNew) map.set(text, map.size);
        expect(rows.add(text)).toEqual({ row: map.get(text), isNew });
      }
      for (const [text, row] of map) expect(rows.rowOf(text)).toBe(row);
      expect([rows.size, rows.rowOf("not among them")]).toEqual([map.size, undefined]);
    }),
  );
  const many = textRows();
  for (let i = 0; i < 5000; i++) expect(many.add(`text ${i}`).row).toBe(i);
  for (let i = 0; i < 5000; i += 7) expect(many.rowOf(`text ${i}`)).toBe(i);
});
