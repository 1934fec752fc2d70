import { add, scale, select, stopGradient } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { ScoredRows } from "./softmax-directions.ts";

/** Which wrong answers a mode chooses, from whether a document is of the row itself, and whether it is a positive. */
export const hardnessModes = {
  inBatchNegatives: ({ isOwn }) => !isOwn,
  hardNegatives: ({ isOwn, isPositive }) => isOwn && !isPositive,
  allNegatives: ({ isOwn, isPositive }) => !(isOwn && isPositive),
} as const satisfies { readonly [mode in HardnessMode]: (document: Candidate) => boolean };

type Candidate = { readonly isOwn: boolean; readonly isPositive: boolean };

/** Which wrong answers weigh more the nearer they are. */
export type HardnessMode = "inBatchNegatives" | "hardNegatives" | "allNegatives";

/**
 * Scores of queries among all documents, those of the chosen wrong answers raised by `ratio` of themselves, which is a constant to the
 * gradient.
 */
export function harderNegatives(
  logits: Float<"batch columns">,
  mode: HardnessMode,
  { firstRow, count, batch, columns, ratio }: Omit<ScoredRows, "textIds"> & { readonly ratio: number },
): Float<"batch columns"> {
  const chosen = new Uint8Array(count * (columns - 1) * batch);
  let place = 0;
  const isChosen = (isOwn: boolean, column: number) => Number(hardnessModes[mode]({ isOwn, isPositive: column === 1 }));
  for (let row = firstRow; row < firstRow + count; row++)
    for (let column = 1; column < columns; column++, place += batch) {
      chosen.fill(isChosen(false, column), place, place + batch);
      chosen[place + row] = isChosen(true, column);
    }
  return add(logits, select(chosen, scale(stopGradient(logits), ratio), tf.zerosLike(logits)));
}
