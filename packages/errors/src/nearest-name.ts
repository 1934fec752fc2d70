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

/** How many letters to insert, take out or change to make one text of another. */
function levenshtein(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of a.split("").entries()) {
    let left = i + 1;
    let diagonal = i;
    row = row.map((above, j) => {
      if (j > 0) left = Math.min(above + 1, left + 1, diagonal + (letter === b[j - 1] ? 0 : 1));
      diagonal = above;
      return left;
    });
  }
  return row.at(-1) ?? 0;
}
