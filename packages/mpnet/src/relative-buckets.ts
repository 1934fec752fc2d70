/** Rows of MPNet's table of relative positions that are used: the original computes bucket numbers for 32 whatever its configuration says. */
export const fewestBuckets = 32;

/**
 * The bucket of a distance key − query, for MPNet's relative position bias: 0 … 31.
 *
 * With n = |distance|: n itself below 8, then min(15, 8 + ⌊8·ln(n/8)/ln 16⌋), logarithmic up to 128; and 16 more when the key comes after the
 * query. Bucket 16 (distance 0 to the right) is never used.
 *
 * @param distance a whole number
 * @see Raffel et al., "Exploring the Limits of Transfer Learning" (T5), 2020, section 2.1, from which MPNet takes it
 *
 * @example
 * ```ts
 * import { relativeBucket } from "@kindred/mpnet";
 *
 * [-100, -8, -1, 0, 1, 8, 100].map(relativeBucket); // => [15, 8, 1, 0, 17, 24, 31]
 * ```
 */
export function relativeBucket(distance: number): number {
  const n = Math.abs(distance);
  const near = n < 8 ? n : Math.min(15, 8 + Math.floor((Math.log(n / 8) / Math.log(16)) * 8));
  return distance > 0 ? 16 + near : near;
}

/** The buckets of all distances from −maxDistance to maxDistance. */
export function relativeBuckets(maxDistance: number): Int32Array {
  return Int32Array.from({ length: 2 * maxDistance + 1 }, (_, i) => relativeBucket(i - maxDistance));
}
