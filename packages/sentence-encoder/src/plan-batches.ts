import { ConfigError } from "@kindred/errors";

/** What bounds a plan. */
export type PlanOptions = {
  /** The most tokens of a batch. */
  readonly maxBatchTokens: number;
  /** How many batches run at a time, each group as slow as its slowest. Default: 1. */
  readonly cores?: number;
};

/**
 * The order in which to encode sentences: their indices in batches of about equally many tokens, at most `maxBatchTokens`, with a
 * batch for every core each time.
 *
 * Longest sentences first, so that those of a batch are of like length. Every sentence is in exactly one batch; a sentence of
 * equal length keeps its place among its equals. Some cores may get no batch the last time: where there are fewer sentences than
 * cores, or one is longer than half the budget.
 *
 * @throws ConfigError if one sentence alone is longer than the budget.
 *
 * @example
 * ```ts
 * import { planBatches } from "@kindred/sentence-encoder";
 *
 * const lengths = Int32Array.of(3, 9, 4, 3);
 * planBatches(lengths, { maxBatchTokens: 20 }).map((batch) => [...batch]); // => [[1], [2, 0, 3]]
 * planBatches(lengths, { maxBatchTokens: 100, cores: 2 }).map((batch) => [...batch]); // => [[1], [2, 0, 3]]
 * ```
 */
export function planBatches(lengths: Int32Array, { maxBatchTokens, cores = 1 }: PlanOptions): Int32Array[] {
  const order = Int32Array.from(lengths.keys()).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const longest = lengths[order[0] ?? 0] ?? 0;
  if (longest > maxBatchTokens) {
    throw new ConfigError(
      `planBatches: a sentence has ${longest} tokens, more than maxBatchTokens = ${maxBatchTokens}. Raise it.`,
    );
  }
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const rounds = Math.max(1, Math.ceil(total / (cores * roomFor(longest, maxBatchTokens))));
  const share = total / (cores * rounds);
  const batches: Int32Array[] = [];
  let [start, tokens, before] = [0, 0, 0];
  order.forEach((sentence, i) => {
    const length = lengths[sentence]!;
    // The middle of the sentence says to which share it belongs.
    const isNext = before + tokens + length / 2 > share * (batches.length + 1);
    if (i > start && (isNext || tokens + length > maxBatchTokens)) {
      batches.push(order.slice(start, i));
      [start, tokens, before] = [i, 0, before + tokens];
    }
    tokens += length;
  });
  if (start < order.length) batches.push(order.slice(start));
  return batches;
}

/** Tokens that a batch can aim at and stay in its budget, although it may begin and end half a sentence off. */
function roomFor(longest: number, maxBatchTokens: number): number {
  return Math.max(maxBatchTokens - longest, maxBatchTokens / 2);
}
