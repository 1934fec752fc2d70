import { dropout } from "@kindred/nn";
import type { Key } from "@kindred/random";
import type { Float, Layout } from "@kindred/tensor";
import type { MpnetConfig } from "./mpnet-config.ts";

/** Dropout of hidden states at the configuration's rate; x itself without a key. */
export function hiddenDropout(
  x: Float<"tokens hidden">,
  { config, layout, key }: { readonly config: MpnetConfig; readonly layout: Layout; readonly key: Key | undefined },
): Float<"tokens hidden"> {
  const rate = config.hiddenDropoutProb;
  return key === undefined || rate === 0 ? x : dropout(x, { rate, key, layout });
}
