import type { NumericArray } from "../numeric-array.ts";

/**
 * `out[i] = sources[0][i] + sources[1][i] + …` for i < out.length, added in that order in float64 and rounded once.
 *
 * The result depends on the values and their order alone, so it repeats bit for bit. `out` may be one of the sources.
 */
export function sumArrays(out: NumericArray, sources: readonly NumericArray[]): void {
  if (sources.length === 1) out.set(sources[0]!);
  else if (sources.length === 2) sumTwo(out, sources[0]!, sources[1]!);
  else sumMany(out, sources);
}

/** The loop below takes three times as long for two. */
function sumTwo(out: NumericArray, a: NumericArray, b: NumericArray): void {
  for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!;
}

function sumMany(out: NumericArray, sources: readonly NumericArray[]): void {
  for (let i = 0; i < out.length; i++) {
    let sum = sources[0]![i]!;
    for (let source = 1; source < sources.length; source++) sum += sources[source]![i]!;
    out[i] = sum;
  }
}
