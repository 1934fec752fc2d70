import { ConfigError } from "@kindred/errors";
import { expectShapes, type Float, toFloat32Array } from "@kindred/tensor";

/**
 * Throws a ConfigError unless both are the same embeddings but for rounding.
 *
 * Kernels repeat themselves bit for bit on one machine; a thousandth of the largest entry leaves room for those that don't, and is
 * far below what another dropout mask changes. NaN passes: it is the loss's to report.
 */
export function checkReplay(before: Float<"chunk hidden">, again: Float<"chunk hidden">): void {
  expectShapes("gradCache", {
    "embed(chunk) before": [before, "chunk hidden"],
    "embed(chunk) again": [again, "chunk hidden"],
  });
  const [first, second] = [toFloat32Array(before), toFloat32Array(again)];
  let [largest, difference] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    largest = Math.max(largest, Math.abs(first[i]!));
    difference = Math.max(difference, Math.abs(first[i]! - second[i]!));
  }
  if (!(difference > largest / 1000)) return;
  throw new ConfigError(
    `gradCache: embed gave other embeddings the second time. Got a difference of ${difference} at entries up to ${largest}, expected ` +
      "the same rows. Take dropout's mask from a key and the rows' numbers in the whole batch, and change no weight in between.",
    { difference, largest },
  );
}
