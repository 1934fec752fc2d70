import fc from "fast-check";
import { expect, test } from "vitest";
import type { AddedToken } from "./tokenizer-definition.ts";
import { createAddedTokenSplitter } from "./split-added-tokens.ts";

const token = (content: string, id: number, options: Partial<AddedToken> = {}): AddedToken => ({
  id,
  content,
  special: true,
  normalized: false,
  singleWord: false,
  stripLeft: false,
  stripRight: false,
  ...options,
});

test("finds tokens from the left, the longest of those that begin at one place", () => {
  const split = createAddedTokenSplitter([token("<a>", 0), token("<a><b>", 1), token("b><c", 2)]);
  expect(split("x<a><b><c>")).toEqual([
    { start: 0, end: 1 },
    { start: 1, end: 7, id: 1 },
    { start: 7, end: 10 },
  ]);
  expect(split("")).toEqual([]);
  expect(split("xy")).toEqual([{ start: 0, end: 2 }]);
});

test("whitespace that a token swallows belongs to nobody", () => {
  const split = createAddedTokenSplitter([token("<l>", 0, { stripLeft: true }), token("<r>", 1, { stripRight: true })]);
  expect(split("a \u00a0<l> b")).toEqual([
    { start: 0, end: 1 },
    { start: 3, end: 6, id: 0 },
    { start: 6, end: 8 },
  ]);
  expect(split("<r>  b")).toEqual([
    { start: 0, end: 3, id: 1 },
    { start: 5, end: 6 },
  ]);
  expect(split("  <l> <l>").map(({ id }) => id)).toEqual([0, 0]);
});

test("characters of regular expressions are only characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."\\^$.*+?()[]{}|/-a"), minLength: 1 }), (content) => {
      const split = createAddedTokenSplitter([token(content, 7)]);
      expect(split(`x ${content} x`).filter(({ id }) => id === 7).length).toBeGreaterThan(0);
      expect(split("\u00e9")).toEqual([{ start: 0, end: 1 }]);
    }),
  );
});

test("parts lie in order, are not empty, and tokens are where their content stands", () => {
  const contents = ["<s>", "<mask>", "[UNK]", "s>"];
  const split = createAddedTokenSplitter(contents.map((content, id) => token(content, id, { stripLeft: id === 1 })));
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...contents, " ", "<", "a", "s", ">", "\ud800") }), (text) => {
      let end = 0;
      for (const part of split(text)) {
        expect(part.start).toBeGreaterThanOrEqual(end);
        expect(part.end).toBeGreaterThan(part.start);
        expect(text.slice(end, part.start).trim()).toBe("");
        if (part.id !== undefined) expect(text.slice(part.start, part.end)).toBe(contents[part.id]);
        end = part.end;
      }
      expect(end).toBe(text.length);
    }),
  );
});
