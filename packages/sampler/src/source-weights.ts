import { ConfigError } from "@kindred/errors";
import type { Source } from "./source.ts";

/**
 * Weights by the temperature of size: weightᵢ · rowsᵢ^(1/T). At T = 1 sources are drawn in proportion to their sizes; the larger T is, the more
 * alike they are drawn, so that small ones count; at T = Infinity by the given weights alone.
 *
 * @param sources with their sizes; a stream says its own by `lines`
 * @param temperature T, above 0
 * @throws ConfigError for a source that does not say how many rows it has
 * @see Raffel et al. 2020, "Exploring the limits of transfer learning with a unified text-to-text transformer" (T5), §3.5.2, without its limit
 *   on sizes; Conneau et al. 2020 (XLM-R), §3.1, calls 1/T α
 *
 * @example
 * ```ts
 * import { temperatureWeights } from "@kindred/sampler";
 *
 * const source = (name: string, length: number) => ({ name, weight: 1, columns: 1, length, row: () => ({ texts: ["a"] }) });
 * temperatureWeights([source("small", 100), source("large", 10_000)], 2); // => [10, 100]
 * ```
 */
export function temperatureWeights(sources: readonly Source[], temperature: number): number[] {
  return sources.map((source) =>
    source.weight === 0 ? 0 : source.weight * (temperature === Infinity ? 1 : knownLength(source) ** (1 / temperature)),
  );
}

/** How many rows a source has, as it says. @throws ConfigError if it does not */
export function knownLength(source: Source): number {
  const length = "length" in source ? source.length : source.lines;
  if (length !== undefined) return length;
  throw new ConfigError(
    `createSampler: how many rows ${source.name} has is not known, as it is streamed, and this mixing goes by size. ` +
      "Say it: lines in data_config.json. Or hold all rows in memory (--max-rows-in-memory).",
    { source: source.name },
  );
}
