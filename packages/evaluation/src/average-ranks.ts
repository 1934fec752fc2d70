/**
 * The rank of each number among all, from 1 for the smallest; equal numbers share the average of their ranks. A NaN
 * makes every rank NaN.
 */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(values);
  if (numbers.some(Number.isNaN)) return numbers.fill(NaN);
  const order = Uint32Array.from(numbers.keys()).sort((i, j) => numbers[i]! - numbers[j]! || 0);
  const ranks = new Float64Array(numbers.length);
  for (let from = 0; from < order.length; ) {
    let to = from + 1;
    while (to < order.length && numbers[order[to]!] === numbers[order[from]!]) to += 1;
    // Places from … to − 1, counted from 0, are ranks from + 1 … to.
    for (const index of order.subarray(from, to)) ranks[index] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
