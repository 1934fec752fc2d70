import type { PoolingMode } from "./pooling-mode.ts";

const switches: { readonly [mode in PoolingMode]: string } = {
  cls: "pooling_mode_cls_token",
  max: "pooling_mode_max_tokens",
  mean: "pooling_mode_mean_tokens",
  mean_sqrt_len_tokens: "pooling_mode_mean_sqrt_len_tokens",
  weightedmean: "pooling_mode_weightedmean_tokens",
  lasttoken: "pooling_mode_lasttoken",
};

/** The key that turns a mode on in the old form of `1_Pooling/config.json`. */
export function switchOf(mode: PoolingMode): string {
  return switches[mode];
}
