import { type LossData, vectorRows } from "@kindred/loss";
import type { Float } from "@kindred/tensor";

/** The teacher's vectors of a column's texts, as constants. */
export function teacherRows({ vectors }: Pick<LossData, "vectors">, column: number): Float<"batch hidden"> {
  return vectorRows(vectors["teacher"]![column]!); // `!`: a loss that needs them is given them for every column
}
