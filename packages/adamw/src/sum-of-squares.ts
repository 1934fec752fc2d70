/** Σ x², in float64. Four sums, for a single one would wait for each addition before it could begin the next. */
export function sumOfSquares(array: Float32Array): number {
  const whole = array.length - (array.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += array[i]! * array[i]!;
    b += array[i + 1]! * array[i + 1]!;
    c += array[i + 2]! * array[i + 2]!;
    d += array[i + 3]! * array[i + 3]!;
  }
  for (let i = whole; i < array.length; i++) a += array[i]! * array[i]!;
  return a + b + (c + d);
}
