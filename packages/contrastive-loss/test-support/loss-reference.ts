import type { Direction } from "../src/index.ts";
import type { LossCall } from "./contrastive-loss.ts";

/** Rows of a column. */
export type Matrix = readonly (readonly number[])[];
/** Options that leave nothing to defaults. */
export type Settings = LossCall;

/** Which directions share a softmax, as the options' documentation has it for settings that leave nothing to defaults. */
export function partsOf({ direction, directions, partition }: Settings): readonly (readonly Direction[])[] {
  if (direction === "one-way") return [["queryToDoc"]];
  if (direction === "symmetric") return [["queryToDoc"], ["docToQuery"]];
  return partition === "perDirection" ? directions!.map((name) => [name]) : [directions!];
}

/** The loss in float64, straight from its definition, the rule about equal texts included. */
export function reference(
  columns: readonly Matrix[],
  { scale = 20, similarity = "cosine", textIds, ...choice }: Settings,
): number {
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const norm = (a: readonly number[]) => (similarity === "dot" ? 1 : Math.max(1e-12, Math.sqrt(dot(a, a))));
  const score = (a: readonly number[], b: readonly number[]) => (scale * dot(a, b)) / (norm(a) * norm(b));
  const same = (c: number, i: number, d: number, j: number) =>
    textIds !== undefined && textIds[c]![i] === textIds[d]![j];
  const surprise = (right: number, others: number[]) => {
    const top = Math.max(right, ...others);
    return top + Math.log([right, ...others].reduce((sum, s) => sum + Math.exp(s - top), 0)) - right;
  };
  const [queries, positives] = [columns[0]!, columns[1]!];
  const losses = queries.map((query, i) => {
    const right = score(query, positives[i]!);
    const documentsFor = (seeker: readonly number[], ownRow: boolean) =>
      columns.slice(1).flatMap((column, c) =>
        column.flatMap((document, j) => {
          if (c === 0 && (j === i || same(0, i, 0, j))) return [];
          return same(1, i, c + 1, j) || (j === i && !ownRow) ? [] : [score(seeker, document)];
        }),
      );
    const queriesFor = (seeker: readonly number[]) =>
      queries.flatMap((other, j) => (j === i || same(0, i, 0, j) || same(1, i, 1, j) ? [] : [score(seeker, other)]));
    // Of each direction all candidates but the right one.
    const others: { readonly [name in Direction]: number[] } = {
      queryToDoc: documentsFor(query, true),
      queryToQuery: queriesFor(query),
      docToQuery: queriesFor(positives[i]!),
      docToDoc: documentsFor(positives[i]!, false),
    };
    const parts = partsOf(choice).map((part) => {
      const again = part.length > 1 && part.includes("docToQuery") ? [right] : []; // the right pair, seen from both ends
      return surprise(right, [...part.flatMap((name) => others[name]), ...again]);
    });
    return parts.reduce((sum, x) => sum + x, 0) / parts.length;
  });
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}
