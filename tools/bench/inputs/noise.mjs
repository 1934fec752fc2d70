/**
 * Numbers between −1 and 1, the same ones for the same seed, in a fraction of the time that a normal distribution takes.
 *
 * @param {number} count
 * @param {number} seed
 */
export function noise(count, seed) {
  const numbers = new Float32Array(count);
  let state = (Math.imul(seed, 2_654_435_761) + 12_345) | 0;
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    numbers[i] = state / 2 ** 31;
  }
  return numbers;
}
