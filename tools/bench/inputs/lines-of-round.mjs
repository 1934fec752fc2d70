/**
 * Other lines in each round, so that no cache of whole lines helps: the next `linesAtOnce`, from the beginning again after the last.
 *
 * @param {{ lines: readonly string[], linesAtOnce: number }} setup
 * @param {number} round
 */
export function linesOfRound({ lines, linesAtOnce }, round) {
  const parts = Math.floor(lines.length / linesAtOnce);
  const first = (round % parts) * linesAtOnce;
  return lines.slice(first, first + linesAtOnce);
}
