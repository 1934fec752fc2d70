import type { Loss } from "./loss.ts";

const known = new WeakSet<Loss>();

/**
 * The same loss, known from now on as one that is what its name says, to model cards for instance. A changed copy of it is not.
 *
 * @example
 * ```ts
 * import { isKnownLoss, knownLoss, type Loss } from "@kindred/loss";
 * import { sum } from "@kindred/nn";
 *
 * const sums: Loss = knownLoss({ name: "sums", options: {}, over: "batch", value: ([rows]) => sum(rows!) });
 * [isKnownLoss(sums), isKnownLoss({ ...sums })]; // => [true, false]
 * ```
 */
export function knownLoss(loss: Loss): Loss {
  known.add(loss);
  return loss;
}

/**
 * Whether a loss is what its name says: one that Kindred's functions have made.
 *
 * @example
 * ```ts
 * import { isKnownLoss } from "@kindred/loss";
 *
 * isKnownLoss({ name: "triplet", options: {}, over: "batch", value: ([rows]) => rows! }); // => false
 * ```
 */
export function isKnownLoss(loss: Loss): boolean {
  return known.has(loss);
}
