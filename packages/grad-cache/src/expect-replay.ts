import { ConfigError } from "@kindred/errors";

/**
 * Refuses embeddings that were others the second time, from the `drift` that `gradCache` gives: read it when the step is over.
 *
 * Kernels repeat themselves bit for bit on one machine; a thousandth of the largest entry leaves room for those that don't, and is
 * far below what another dropout mask changes. NaN passes: it is the loss's to report.
 *
 * @throws ConfigError if the drift is above 0.001
 *
 * @example
 * ```ts
 * import { expectReplay } from "@kindred/grad-cache";
 *
 * expectReplay(1e-7); // => undefined
 * ```
 */
export function expectReplay(drift: number): void {
  if (!(drift > 1e-3)) return;
  throw new ConfigError(
    `gradCache: embed gave other embeddings the second time. Got a difference of ${drift} of the largest entry, expected the same rows. ` +
      "Take dropout's mask from a key and the rows' numbers in the whole batch, and change no weight in between.",
    { drift },
  );
}
