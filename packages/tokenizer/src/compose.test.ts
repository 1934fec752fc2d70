import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compose } from "./compose.ts";
import { type AlignedText, alignedText } from "./normalize-aligned.ts";
import { canonicalDecomposition, combiningClass } from "./unicode-data.ts";

const codePoints = Array.from({ length: 0x110000 }, (_, code) => code).filter((code) => code < 0xd800 || code > 0xdfff);
const known = codePoints.filter((code) => canonicalDecomposition(code) !== undefined);
const unit = fc
  .oneof(
    fc.constantFrom(...codePoints.filter((code) => combiningClass(code) > 0)),
    fc.constantFrom(...known),
    fc.constantFrom(...known.flatMap((code) => canonicalDecomposition(code) ?? [])),
    fc.constantFrom(...[..."aeou .Ω中한"].map((letter) => letter.codePointAt(0) ?? 0)),
  )
  .map((code) => String.fromCodePoint(code));

const textOf = ({ codes }: AlignedText) => codes.map((code) => String.fromCodePoint(code)).join("");

test("what is put together has the place of its letter", () => {
  expect(compose(alignedText("xe\u0301!"))).toEqual({ codes: [0x78, 0xe9, 0x21], starts: [0, 1, 3] });
  expect(compose(alignedText("ậ"))).toEqual({ codes: [0x1ead], starts: [0] });
  expect(compose(alignedText("\u1112\u1161\u11ab"))).toEqual({ codes: [0xd55c], starts: [0] });
  expect(compose(alignedText("\u212b\u0958"))).toEqual({ codes: [0xc5, 0x915, 0x93c], starts: [0, 1, 1] });
});

test("equals the engine's NFC on every code point that these older tables know", () => {
  const law = (nfc: (text: string) => string) =>
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        expect(nfc(text)).toBe(text.normalize("NFC"));
      }),
      { numRuns: 1000 },
    );
  law((text) => textOf(compose(alignedText(text))));
  expectMutantToFail(() => law((text) => [...text].map((letter) => letter.normalize("NFC")).join(""))); // nothing is put together
  for (const code of codePoints) {
    const letter = String.fromCodePoint(code);
    if (canonicalDecomposition(code) !== undefined)
      expect(textOf(compose(alignedText(letter)))).toBe(letter.normalize("NFC"));
  }
});

test("starts never fall, and are some of the sources'", () => {
  fc.assert(
    fc.property(fc.string({ unit }), (text) => {
      const source = new Set(alignedText(text).starts);
      const { starts } = compose(alignedText(text));
      expect(starts.every((start) => source.has(start))).toBe(true);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
    }),
  );
});
