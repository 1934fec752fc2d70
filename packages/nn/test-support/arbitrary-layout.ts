import { type Layout, packedLayout, paddedLayout } from "@kindred/tensor";
import fc from "fast-check";

/** A layout of exactly `tokens` rows, packed or padded, sentences of no tokens among them, none longer than `maxLength`. */
export function arbitraryLayout(tokens: number, maxLength = tokens): fc.Arbitrary<Layout> {
  const packed = fc.array(fc.nat(tokens), { maxLength: 4 }).map((cuts) => {
    for (let cut = maxLength; cut < tokens; cut += maxLength) cuts.push(cut);
    return packedLayout([0, ...cuts.sort((a, b) => a - b), tokens]);
  });
  const divisors = Array.from({ length: tokens }, (_, i) => i + 1).filter(
    (i) => tokens % i === 0 && tokens / i <= maxLength,
  );
  const padded = fc.constantFrom(...divisors).chain((batch) => {
    const lengths = fc.array(fc.nat(tokens / batch), { minLength: batch, maxLength: batch });
    return lengths.map((all) => paddedLayout(all, tokens / batch));
  });
  return fc.oneof(packed, padded);
}
