import { ConfigError } from "@kindred/errors";
import { type EmbeddingRows, principalComponents, projectRows } from "@kindred/vectors";
import { sifWeights } from "./sif-weights.ts";

/** How a table is made of a teacher's vectors. */
export type StaticTableOptions = {
  /** Features that are kept, by principal components; undefined keeps the vectors as they are. Default: 256. */
  readonly dimension?: number | undefined;
  /** The coefficient of {@link sifWeights}; undefined weights all tokens alike. Default: 1e-4. */
  readonly sifCoefficient?: number | undefined;
};

/**
 * The table of a static embedding, of the vectors that an encoder has for each token alone: their principal components, less their mean, each row
 * times its weight. Tokens are expected in the order of a vocabulary, the most frequent first.
 *
 * As model2vec does it, with the weights multiplied in. Of a component the sign is another there; cosines and lengths are the same.
 *
 * @param tokens a row for each token
 * @returns the table, with what share of the rows' mean square its directions have
 * @throws ConfigError for more features than the vectors have, or than there are tokens
 *
 * @example
 * ```ts
 * import { staticTableOf } from "@kindred/static-embeddings";
 *
 * const tokens = { embeddings: Float32Array.of(1, 0, 0, 3, 1, 0, 1, 2, 0), dimension: 3 };
 * const { table, share } = await staticTableOf(tokens, { dimension: 1, sifCoefficient: undefined });
 * [table.dimension, share]; // => [1, 0.571429]
 * ```
 */
export async function staticTableOf(
  tokens: EmbeddingRows,
  options: StaticTableOptions = {},
): Promise<{ readonly table: EmbeddingRows; readonly share: number }> {
  const { dimension, sifCoefficient } = { dimension: 256, sifCoefficient: 1e-4, ...options };
  const count = tokens.embeddings.length / tokens.dimension;
  if (dimension !== undefined && (dimension > tokens.dimension || dimension >= count))
    throw new ConfigError(
      `staticTableOf: too many features. Got ${dimension}, expected at most the vectors' ${tokens.dimension}, and fewer than the ${count} tokens.`,
      { dimension },
    );
  const reduced = dimension === undefined ? { table: tokens, share: 1 } : await reducedRows(tokens, dimension);
  if (sifCoefficient === undefined) return reduced;
  const weights = sifWeights(count, sifCoefficient);
  const width = reduced.table.dimension;
  const embeddings = reduced.table.embeddings.map((value, i) => value * weights[Math.floor(i / width)]!); // a weight for each row
  return { ...reduced, table: { embeddings, dimension: width } };
}

async function reducedRows(tokens: EmbeddingRows, dimension: number) {
  const space = await principalComponents([tokens], { dimension });
  const kept = space.variances.reduce((sum, variance) => sum + variance, 0);
  return { table: projectRows(tokens, space), share: kept / space.totalVariance };
}
