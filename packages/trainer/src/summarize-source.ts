import type { Tokenizer } from "@kindred/tokenizer";
import type { SourceSummary } from "./train-event.ts";

/** What a summary takes over as it is, and the limit that texts are measured against. */
export type SummaryFacts = Pick<SourceSummary, "name" | "share" | "heldOutRows" | "skippedLines"> & {
  /** Whether `rows` are all rows of the source. */
  readonly complete: boolean;
  readonly maxSeqLength: number;
};

/** Rows whose tokens are counted; they are taken at even distances. */
const sampleRows = 2000;

/** What there is to know of a training set of at least one row before the first step: its size, how long its texts are, what repeats. */
export function summarizeSource(
  rows: readonly { readonly texts: readonly string[] }[],
  tokenizer: Tokenizer,
  facts: SummaryFacts,
): SourceSummary {
  const { complete, maxSeqLength, ...taken } = facts;
  const example = rows[0]?.texts ?? [];
  const stride = Math.max(1, Math.floor(rows.length / sampleRows));
  const sample = rows.filter((_, i) => i % stride === 0).flatMap(({ texts }) => texts);
  const { starts } = tokenizer.encodeBatch(sample);
  const lengths = starts
    .subarray(1)
    .map((end, i) => end - (starts[i] ?? 0))
    .sort();
  const at = (share: number) => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  return {
    ...taken,
    rows: complete ? rows.length : undefined,
    columns: example.length,
    tokens: {
      mean: lengths.reduce((sum, length) => sum + length, 0) / sample.length,
      median: at(0.5),
      p95: at(0.95),
      longest: at(1),
    },
    truncatedShare: lengths.filter((length) => length > maxSeqLength).length / lengths.length,
    duplicateRows: countDuplicates(rows),
    example,
  };
}

/** Rows that share a text with an earlier row. */
function countDuplicates(rows: readonly { readonly texts: readonly string[] }[]): number {
  const seen = new Set<string>();
  let duplicates = 0;
  for (const { texts } of rows) {
    if (texts.some((text) => seen.has(text))) duplicates++;
    for (const text of texts) seen.add(text);
  }
  return duplicates;
}
