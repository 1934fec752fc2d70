import type { TextRow } from "@kindred/datasets";
import { DataError } from "@kindred/errors";
import type { Loss } from "@kindred/loss";
import type { TrainConfig } from "./train-options.ts";

/** What is known of a source's rows before the first step. */
type SourceRows = { readonly source: { readonly name: string }; readonly training: readonly TextRow[] };

/** Warns of batches in which many rows have no other of their label, for a loss that compares rows by label. */
export function labelWarnings(
  { groupByLabel, batchSize }: TrainConfig,
  loss: Pick<Loss, "name">,
  sources: readonly SourceRows[],
): string[] {
  if (groupByLabel) return [];
  return sources.flatMap(({ source: { name }, training }) => {
    const labels = new Set(training.map(({ label }) => label)).size;
    // Of rows drawn at random, the expected number of others of a row's label is about the size of the batch by the number of labels.
    if (labels * 3 < batchSize) return [];
    return `${name}: of ${labels.toLocaleString("en")} labels, many rows of a batch of ${batchSize} have no other of theirs beside them, and ${loss.name} learns nothing from those. Bring rows of a label together (--group-by-label).`;
  });
}

/** Refuses rows that cannot be grouped by label. @throws DataError naming the first */
export function expectLabels(
  rows: readonly TextRow[],
  { file, complete }: { readonly file: string; readonly complete: boolean },
): void {
  if (!complete)
    throw new DataError(
      { file },
      "rows of a label can be brought together only where all are in memory, and these are streamed. Raise maxRowsInMemory (--max-rows-in-memory), or leave groupByLabel (--group-by-label) out.",
    );
  const row = rows.find(({ label }) => label === undefined);
  if (row === undefined) return;
  const { line } = row.place;
  throw new DataError(
    { file, ...(line !== undefined && { line }) },
    "a row has no label, by which rows are to be grouped. Expected a column label in every row. Leave groupByLabel (--group-by-label) out, or label all rows.",
  );
}
