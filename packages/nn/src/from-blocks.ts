import type { Float } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { AttentionPlan } from "./attention-blocks.ts";

/** The rows of all groups' slots back in the order of the layout, 0 for rows of padding, in plain tfjs ops. */
export function fromBlocks(
  groups: readonly tf.Tensor2D[],
  plan: AttentionPlan,
  hidden: number,
): Float<"tokens hidden"> {
  const slots = groups.reduce((sum, { shape }) => sum + shape[0], 0);
  const padded = plan.slotOfRow.includes(slots);
  const parts = padded ? [...groups, tf.zeros<tf.Rank.R2>([1, hidden])] : [...groups];
  const all = parts.length === 1 ? parts[0]! : tf.concat(parts, 0);
  return tf.gather(all, tf.tensor1d(plan.slotOfRow, "int32"));
}
