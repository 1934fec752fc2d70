/**
 * The middle of some numbers (of an even count, the mean of the two middle ones), and the smallest and largest.
 *
 * @param {readonly number[]} values at least one
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  if (low === undefined || high === undefined) throw new Error("median: expected at least one value. Got none.");
  return {
    middle: (low + high) / 2,
    least: /** @type {number} */ (sorted[0]),
    most: /** @type {number} */ (sorted.at(-1)),
  };
}
