/**
 * A layer of MPNet-base, or a small one for a smoke run.
 *
 * @param {import("../row.mjs").Scale} scale
 * @param {readonly number[]} lengths of the sentences
 */
export function layerSetup(scale, lengths) {
  return scale === "quick"
    ? { hidden: 32, heads: 2, intermediate: 64, lengths: [5, 3, 1] }
    : { hidden: 768, heads: 12, intermediate: 3072, lengths: [...lengths] };
}

/** Sentences of 16 to 128 tokens, 512 in all. */
export const lengths512 = [128, 112, 96, 80, 48, 32, 16];
