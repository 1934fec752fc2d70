import { inBlocks, type Layout, packed, padded } from "@kindred/tensor";
import fc from "fast-check";

/** A layout of exactly `rows` rows in any form, sentences of no tokens among them, none longer than `maxLength`. */
export function arbitraryLayout(rows: number, maxLength = rows): fc.Arbitrary<Layout> {
  const endToEnd = fc.array(fc.nat(rows), { maxLength: 4 }).map((cuts) => {
    for (let cut = maxLength; cut < rows; cut += maxLength) cuts.push(cut);
    const sorted = [...cuts.sort((a, b) => a - b), rows];
    return packed(sorted.map((cut, i) => cut - (sorted[i - 1] ?? 0)));
  });
  // Runs or blocks of one length; a prime number of rows has one, or as many as rows.
  const runs = Array.from({ length: rows }, (_, i) => i + 1).filter((i) => rows % i === 0 && rows / i <= maxLength);
  const withPadding = fc.constantFrom(...runs).chain((count) => {
    const longest = rows / count;
    const lengths = (minLength: number, maxLength: number) => fc.array(fc.nat(longest), { minLength, maxLength });
    return fc.oneof(
      lengths(count, count).map((all) => padded(all, longest)),
      lengths(1, 3 * count).map((all) => {
        while (inBlocks(all, longest).fixed.rows > rows) all.pop();
        return inBlocks(all, longest, { count });
      }),
    );
  });
  return fc.oneof(endToEnd, withPadding);
}
