import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type AlignedText, alignedText } from "./normalize-aligned.ts";
import { canonicalDecomposition } from "./unicode-data.ts";
import { combiningClass } from "./unicode-data.ts";
import { decompose } from "./decompose.ts";

const codePoints = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
const unit = fc
  .oneof(
    fc.constantFrom(...codePoints.filter((code) => combiningClass(code) > 0)),
    fc.constantFrom(...codePoints.filter((code) => canonicalDecomposition(code) !== undefined)),
    fc.constantFrom(...[..."aeou .Ω中"].map((letter) => letter.codePointAt(0) ?? 0)),
  )
  .map((code) => String.fromCodePoint(code));

const textOf = ({ codes }: AlignedText) => codes.map((code) => String.fromCodePoint(code)).join("");

test("ậ is a with both marks, the lower one first", () => {
  expect(decompose(alignedText("xậ"))).toEqual({ codes: [0x78, 0x61, 0x323, 0x302], starts: [0, 1, 1, 1] });
});

test("equals the engine's NFD on every code point that these older tables know", () => {
  const law = (nfd: (text: string) => string) =>
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(nfd(text)).toBe(text.normalize("NFD"));
      }),
    );
  law((text) => textOf(decompose(alignedText(text))));
  expectMutantToFail(() => law((text) => [...text].map((letter) => letter.normalize("NFD")).join(""))); // no reordering
});

test("starts never fall, and each source has at least one part", () => {
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const source = alignedText(text);
      const { starts } = decompose(source);
      expect([...new Set(starts)]).toEqual(source.starts);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
    }),
  );
});
