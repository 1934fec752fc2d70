/**
 * A few numbers of each array, evenly spaced: enough to tell whether two sides computed the same.
 *
 * @param {readonly ArrayLike<number>[]} arrays
 * @param {number} count numbers of each, or all of a shorter one
 * @returns {number[]}
 */
export function strided(arrays, count = 97) {
  return arrays.flatMap((array) => {
    const step = Math.max(1, Math.floor(array.length / count));
    return Array.from({ length: Math.ceil(array.length / step) }, (_, i) => array[i * step] ?? Number.NaN);
  });
}
