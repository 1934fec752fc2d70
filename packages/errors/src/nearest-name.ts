/**
 * The known name that an unknown one was probably meant to be, for `unknown option --lerning-rate, did you mean …?`.
 *
 * The smallest Levenshtein distance wins, the first of equals; undefined when even that one differs in more than a third of
 * its letters (at least two).
 *
 * @example
 * ```ts
 * import { nearestName } from "@kindred/errors";
 *
 * nearestName("lerningRate", ["learningRate", "warmupSteps"]); // => "learningRate"
 * nearestName("colour", ["learningRate", "warmupSteps"]); // => undefined
 * ```
 */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of known) {
    const distance = levenshtein(unknown.toLowerCase(), name.toLowerCase());
    if (distance <= Math.max(2, name.length / 3) && distance < (best?.distance ?? Infinity)) best = { name, distance };
  }
  return best?.name;
}

function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}
