import { lossShare, type LossShareOptions } from "@kindred/loss";
import type { Float } from "@kindred/tensor";
import { type ContrastiveOptions, contrastive } from "../src/index.ts";

/** The loss's options and a batch's data in one, as tests draw them. Without text ids equal texts are kept. */
export type LossCall = Omit<ContrastiveOptions, "equalTexts"> & Omit<LossShareOptions, "scores">;

/** The value of the loss that they name, at once. */
export function contrastiveLoss(columns: readonly Float<"batch hidden">[], call: LossCall = {}): Float<""> {
  const { textIds, gather, firstRow, totalRows, ...options } = call;
  const loss = contrastive({ ...options, equalTexts: textIds === undefined ? "keep" : "leaveOut" });
  return lossShare(loss, columns, {
    ...(textIds && { textIds }),
    ...(gather && { gather }),
    ...(firstRow !== undefined && { firstRow }),
    ...(totalRows !== undefined && { totalRows }),
  });
}
