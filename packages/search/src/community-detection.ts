import { ConfigError } from "@kindred/errors";
import { type EmbeddingRows, rowCount } from "@kindred/vectors";
import { expectWhole } from "./expect-options.ts";
import { RowScanner } from "./row-scanner.ts";

/** Options of {@link communityDetection}. Names and defaults are sentence-transformers'. */
export type CommunityDetectionOptions = {
  /** The least cosine of a community's rows with its centre. Default 0.75. */
  readonly threshold?: number;
  /** Communities of fewer rows are none; never more than there are rows. Default 10. */
  readonly minCommunitySize?: number;
  /** Rows that are compared with all in one pass. Default 1,024. */
  readonly batchSize?: number;
  /** Stops between two batches; it rejects with the signal's reason then. */
  readonly signal?: AbortSignal;
  /** Called after each batch with how many rows are done. */
  readonly onProgress?: (done: number, total: number) => void;
};

/**
 * Groups of rows that are alike, the largest first, without saying how many there are to be: of a group each row's cosine with its centre
 * is at least `threshold`. A row is in one group at most, and many may be in none.
 *
 * Every row with `minCommunitySize` rows around it, itself included, is the centre of a community. They are gone through from the largest
 * on (of equal ones from that of the lower centre): each is given the rows that no larger one has, and is left out if too few are left. A
 * community's rows lie in the order of their cosine with its centre, so the first is the centre itself if it is still free; of equal ones the lower number goes first.
 *
 * Takes time as the number of rows squared, and 4 bytes for each pair within the threshold.
 *
 * **Differs from sentence-transformers** only in that ties and the order within large communities are decided.
 *
 * @throws ShapeError if the array is not whole rows, or a number is NaN or infinite; ConfigError for an option that does not fit
 * @see sentence-transformers 6.2, `community_detection`
 *
 * @example
 * ```ts
 * import { communityDetection } from "@kindred/search";
 *
 * const rows = { embeddings: Float32Array.of(1, 0, 0, 1, 9, 1, 0, 2, 8, 1), dimension: 2 };
 * await communityDetection(rows, { threshold: 0.9, minCommunitySize: 2 }); // => [[0, 2, 4], [1, 3]]
 * ```
 */
export async function communityDetection(
  rows: EmbeddingRows,
  { threshold = 0.75, minCommunitySize = 10, batchSize = 1024, signal, onProgress }: CommunityDetectionOptions = {},
): Promise<number[][]> {
  const where = "communityDetection";
  expectWhole(where, { minCommunitySize, batchSize });
  if (!Number.isFinite(threshold))
    throw new ConfigError(`${where}: threshold does not fit. Got ${threshold}, expected a number.`, { threshold });
  const count = rowCount(where, "rows", rows);
  const { embeddings, dimension } = rows;
  const leastSize = Math.min(minCommunitySize, count);
  const size = Math.min(batchSize, Math.max(1, count));
  const chunks = { queryChunkSize: size, corpusChunkSize: Math.max(1, count) };
  const scanner = await RowScanner.start(where, { dimension, similarity: "cosine", ...chunks, signal });
  const communities: { readonly center: number; readonly members: Int32Array }[] = [];
  for (let from = 0; from < count; from += size) {
    const batch = { embeddings: embeddings.subarray(from * dimension, (from + size) * dimension), dimension };
    const around = Array.from({ length: Math.min(size, count - from) }, (): [number, number][] => []);
    // `!`: there is one for each row of the batch.
    await scanner.scan(batch, [rows], {
      least: () => threshold,
      found: (query, row, score) => around[query]!.push([row, score]),
    });
    for (const [i, near] of around.entries()) {
      if (near.length < leastSize) continue;
      const center = from + i;
      near.sort(([a, scoreA], [b, scoreB]) => Number(b === center) - Number(a === center) || scoreB - scoreA || a - b);
      communities.push({ center, members: Int32Array.from(near, ([row]) => row) });
    }
    onProgress?.(Math.min(from + size, count), count);
  }
  return withoutOverlaps(communities, leastSize, count);
}

/** The largest first, each with the rows that none before it has. */
function withoutOverlaps(
  communities: readonly { readonly center: number; readonly members: Int32Array }[],
  leastSize: number,
  count: number,
): number[][] {
  const bySize = communities.toSorted((a, b) => b.members.length - a.members.length || a.center - b.center);
  const taken = new Uint8Array(count);
  const groups: number[][] = [];
  for (const { members } of bySize) {
    const free = Array.from(members).filter((row) => taken[row] === 0);
    if (free.length < leastSize) continue;
    for (const row of free) taken[row] = 1;
    groups.push(free);
  }
  return groups.sort((a, b) => b.length - a.length); // stable: of equal ones the earlier found
}
