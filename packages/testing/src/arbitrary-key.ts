import fc from "fast-check";

/** A key of `@kindred/random`: two unsigned 32-bit numbers, the corners among them. */
export function arbitraryKey(): fc.Arbitrary<readonly [number, number]> {
  const word = fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff), fc.nat(0xffffffff));
  return fc.tuple(word, word);
}
