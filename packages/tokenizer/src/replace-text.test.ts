import fc from "fast-check";
import { expect, test } from "vitest";
import { createNormalizer, type NormalizerStep } from "./index.ts";
import { replaceableRuns } from "./replace-text.ts";

const through = (text: string, ...steps: NormalizerStep[]) => createNormalizer(steps)(text);

test("what takes the place of a match is aligned with its last code point", () => {
  const { text, starts } = through("a``b", { kind: "Replace", pattern: { text: "``" }, content: '"!' });
  expect([text, starts]).toEqual(['a"!b', Int32Array.of(0, 2, 2, 3)]);
  expect(through("aaa", { kind: "Replace", pattern: { text: "aa" }, content: "" }).text).toBe("a");
  expect(through("😀", { kind: "Replace", pattern: { text: "😀" }, content: "👍" })).toEqual({
    text: "👍",
    starts: Int32Array.of(0, 0),
  });
});

test("whitespace is dropped at the ends that are asked for, and a text put in front of one that has something", () => {
  const steps = [
    { kind: "Strip", left: true, right: false },
    { kind: "Prepend", text: "▁" },
  ] as const;
  expect(through(" \u3000a ", ...steps)).toEqual({ text: "▁a ", starts: Int32Array.of(2, 2, 3) });
  expect(through(" \n", ...steps).text).toBe("");
  expect(through(" a \u0085", { kind: "Strip", left: false, right: true }).text).toBe(" a");
});

test("replaces what JavaScript's own replaceAll replaces", () => {
  const unit = fc.constantFrom("a", "b", " ", "\t", "😀", "\u00a0");
  fc.assert(
    fc.property(
      fc.string({ unit }),
      fc.string({ unit, minLength: 1, maxLength: 3 }),
      fc.string({ unit }),
      (text, pattern, content) => {
        expect(through(text, { kind: "Replace", pattern: { text: pattern }, content }).text).toBe(
          text.replaceAll(pattern, () => content),
        );
        for (const run of replaceableRuns)
          expect(through(text, { kind: "Replace", pattern: { run }, content }).text).toBe(
            text.replace(new RegExp(run, "g"), () => content),
          );
      },
    ),
  );
});
