import fc from "fast-check";

/**
 * Files with one to four places changed: bytes replaced, removed or inserted, now and then cut off or doubled. `hot` is how
 * many of the first bytes get two edits of three, where a header is.
 */
export function mutatedBytes(file: fc.Arbitrary<Uint8Array>, hot: number): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 0x28, 0x2e, 0x30, 0x52, 0x71, 0x7f, 0x80, 0xff));
  const edit = fc.tuple(fc.nat(), fc.nat(2), fc.array(byte, { maxLength: 3 }));
  const tail = fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, fc.nat());
  return fc.tuple(file, fc.array(edit, { minLength: 1, maxLength: 4 }), tail).map(([bytes, edits, cut]) => {
    const changed = [...bytes];
    for (const [at, removed, inserted] of edits)
      changed.splice(
        at % (at % 3 === 0 ? changed.length + 1 : Math.min(hot, changed.length) + 1),
        removed,
        ...inserted,
      );
    return Uint8Array.from(cut === undefined ? changed : changed.slice(0, cut % (changed.length + 1)));
  });
}
