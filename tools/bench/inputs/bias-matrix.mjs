/**
 * A position bias by distance, [heads, 2·longest − 1], as the matrix of the longest sentence, [heads, longest, longest].
 *
 * @param {import("./layer-inputs.mjs").Values} bias
 * @returns {import("./layer-inputs.mjs").Values}
 */
export function biasMatrix({ values, shape: [heads = 0, distances = 0] }) {
  const longest = (distances + 1) / 2;
  const matrix = new Float32Array(heads * longest * longest);
  for (let head = 0, at = 0; head < heads; head++) {
    for (let query = 0; query < longest; query++) {
      for (let key = 0; key < longest; key++, at++) {
        matrix[at] = values[head * distances + key - query + longest - 1] ?? 0;
      }
    }
  }
  return { values: matrix, shape: [heads, longest, longest] };
}
