import fc from "fast-check";
import { expect, test } from "vitest";
import { vocabularyTrie } from "./vocabulary-trie.ts";

/** The ids of all entries that a text begins with, shortest first. */
function prefixes(entries: readonly string[], text: string): number[] {
  const trie = vocabularyTrie(entries);
  const found: number[] = [];
  let node = 0;
  for (let i = 0; i < text.length && node >= 0; i++) {
    node = trie.step(node, text.charCodeAt(i));
    if (node >= 0 && trie.idAt(node) >= 0) found.push(trie.idAt(node));
  }
  return found;
}

test("finds the entries that a text begins with", () => {
  expect(prefixes(["un", "u", "able", "una"], "unable")).toEqual([1, 0, 3]);
  expect(prefixes([], "x")).toEqual([]);
});

test("finds exactly what comparing with every entry finds, whatever the entries", () => {
  const word = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "é", "😀"), minLength: 1 }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), minLength: 1 }),
    fc.constantFrom("__proto__", "constructor", "\u0000"),
  );
  fc.assert(
    fc.property(fc.uniqueArray(word), word, (entries, text) => {
      const expected = entries.filter((entry) => text.startsWith(entry)).sort((a, b) => a.length - b.length);
      expect(prefixes(entries, text).map((id) => entries[id])).toEqual(expected);
    }),
  );
});
