/**
 * Checks that two sides computed the same.
 *
 * @param {readonly number[]} ours
 * @param {readonly number[]} theirs
 * @param {number} tolerance the largest difference that is rounding
 * @throws Error if they are not the same numbers, rounding aside, or there are none
 */
export function expectAgreement(ours, theirs, tolerance) {
  const worst = ours.reduce((most, value, i) => {
    const difference = Math.abs(value - (theirs[i] ?? Number.NaN));
    return Math.max(most, difference); // NaN if either is
  }, 0);
  if (ours.length > 0 && ours.length === theirs.length && worst <= tolerance) return;
  throw new Error(
    `bench: the two sides did not compute the same. Got ${ours.length} and ${theirs.length} numbers with a largest difference of ` +
      `${worst}, expected at most ${tolerance}. One of them is wrong; nothing was timed.`,
  );
}
