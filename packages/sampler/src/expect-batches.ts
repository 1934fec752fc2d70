import { DataError } from "@kindred/errors";
import type { ResolvedOptions } from "./sampler-options.ts";
import type { RowsSource, TextsRow } from "./source.ts";

/**
 * Refuses sources at hand of which a batch, each of whose rows must differ in every text from the others, can never be filled.
 * What one order of a source's rows fills another may not: both ends of the file are tried, and the rest shows when it is drawn.
 *
 * @throws DataError naming the source and the largest batch
 */
export function expectBatches<Row extends TextsRow>(options: ResolvedOptions<Row>): void {
  const { sources, batchSize, mixing, duplicates, duplicateScope, epochs, runsPerRound, roundSteps } = options;
  const keepsOwn = options.ownTextTwice === "keep";
  if (duplicates === "allow" || (epochs !== Number.POSITIVE_INFINITY && !options.dropLast)) return;
  const drawn = sources.filter(({ weight }) => weight > 0);
  const together = mixing === "batch" ? [...new Set(drawn.map(({ columns }) => columns))] : undefined;
  const pools =
    together?.map((columns) => drawn.filter((source) => source.columns === columns)) ?? drawn.map((source) => [source]);
  const needed = duplicateScope === "round" ? batchSize * runsPerRound * roundSteps : batchSize;
  for (const pool of pools) {
    const atHand = pool.filter((source): source is RowsSource<Row> => "length" in source);
    if (atHand.length < pool.length) continue; // a stream shows what it has when it is read
    const found = Math.min(
      ...[false, true].map((isReversed) => unlikeRows(atHand, { most: needed, isReversed, keepsOwn })),
    );
    if (found >= needed) continue;
    const largest = Math.floor((found * batchSize) / needed);
    const scope =
      duplicateScope === "round"
        ? " Or let a text stand once in a batch: duplicateScope = batch (--duplicate-scope batch)."
        : "";
    const others =
      mixing !== "batch" && drawn.length > 1
        ? " Or fill batches from all sources: mixing = batch (--mixing batch)."
        : "";
    // A batch of one row has no wrong answers.
    const [bring, lower] =
      largest < 2 ? ["Bring", ""] : ["bring", `Lower batchSize (--batch-size) to ${largest} at most, `];
    throw new DataError(
      { file: pool.map(({ name }) => name).join(", ") },
      `createSampler: too few different rows for a batch. Got ${found} without a text in common, expected ${needed === batchSize ? `batchSize = ${needed}` : `${needed} for a round`}. ` +
        `${lower}${bring} more rows, or take rows with equal texts into one batch: duplicates = allow (--duplicates allow).${scope}${others}`,
      { found, needed },
    );
  }
}

/** How many rows, up to `most`, a batch takes of these sources in this order. */
function unlikeRows(
  sources: readonly RowsSource[],
  { most, isReversed, keepsOwn }: { readonly most: number; readonly isReversed: boolean; readonly keepsOwn: boolean },
): number {
  const used = new Set<string>();
  let count = 0;
  for (const source of sources)
    for (let i = 0; i < source.length && count < most; i++) {
      const { texts } = source.row(isReversed ? source.length - 1 - i : i);
      if (texts.some((text) => used.has(text)) || (!keepsOwn && new Set(texts).size < texts.length)) continue;
      for (const text of texts) used.add(text);
      count++;
    }
  return count;
}
