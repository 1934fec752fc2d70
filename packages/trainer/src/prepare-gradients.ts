import { clipByGlobalNorm, type NamedArrays } from "@kindred/adamw";
import type { TrainConfig } from "./train-options.ts";

/**
 * What a core does to its own gradients, in place, before they are added to the other cores'; gives their norm before it (NaN
 * where the configuration does not ask for it).
 *
 * * `clean`: nothing; the sum over the cores is the gradient of the mean loss.
 * * `xla-clean`: divides by the number of cores, so that the sum is the cores' mean.
 * * `xla-exact`: clips to `maxGradNorm`, then divides.
 *
 * A core's own gradient is the part of the true one that flows through its own rows, in all three.
 *
 * @see nreimers/se-pytorch-xla, train_many_data_files_v2.py: `clip_grad_norm_` on each core, then `xm.optimizer_step`, which averages
 */
export function prepareGradients(
  gradients: NamedArrays,
  { clipping, maxGradNorm }: Pick<TrainConfig, "clipping" | "maxGradNorm">,
  cores: number,
): number {
  if (clipping === "clean") return Number.NaN;
  let norm = Number.NaN;
  if (clipping === "xla-exact") {
    const clip = clipByGlobalNorm(maxGradNorm === 0 ? Number.POSITIVE_INFINITY : maxGradNorm);
    const state = clip.init(gradients);
    clip.update(gradients, state, gradients);
    norm = state.norm;
  }
  for (const gradient of Object.values(gradients)) for (let i = 0; i < gradient.length; i++) gradient[i]! /= cores;
  return norm;
}
