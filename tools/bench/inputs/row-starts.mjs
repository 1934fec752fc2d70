/**
 * Where each sentence of these lengths begins when they lie end to end, and where the last one ends.
 *
 * @param {readonly number[]} lengths
 */
export function rowStarts(lengths) {
  const starts = [0];
  for (const length of lengths) starts.push(/** @type {number} */ (starts.at(-1)) + length);
  return starts;
}
