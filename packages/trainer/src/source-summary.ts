import type { Columns, TextRow } from "@kindred/datasets";
import type { Loss } from "@kindred/loss";
import type { Source } from "@kindred/sampler";
import type { RowsLeftOut, SourceSummary } from "./data-events.ts";
import type { TrainConfig } from "./train-options.ts";
import { columnPrompts, type TrainableModel } from "./trainable-model.ts";

/** A training set, open: its rows that are at hand, whether these are all, and what of it is not trained on. */
type SourceToSum = {
  readonly source: Source<TextRow>;
  readonly training: readonly TextRow[];
  readonly complete: boolean;
  readonly heldOutRows: number;
  readonly names: Columns | undefined;
  leftOut(): RowsLeftOut;
};

/** What a summary is made with. */
type SummaryOptions = Pick<TrainableModel, "tokenizer" | "settings"> & {
  readonly config: TrainConfig;
  readonly loss: Loss;
};

/** Rows whose tokens are counted; they are taken at even distances. */
const sampleRows = 2000;

/** What there is to know of a training set before the first step: its size, how long its texts are, what repeats. */
export function summaryOf(
  { source, training: rows, complete, heldOutRows, names, leftOut }: SourceToSum,
  share: number,
  { config, loss, tokenizer, settings }: SummaryOptions,
): SourceSummary {
  const prompts = columnPrompts(config);
  const stride = Math.max(1, Math.floor(rows.length / sampleRows));
  const sample = rows
    .filter((_, i) => i % stride === 0)
    .flatMap(({ texts }) => texts.map((text, column) => (prompts[column] ?? prompts[1]) + text));
  const { starts } = tokenizer.encodeBatch(sample);
  const lengths = starts
    .subarray(1)
    .map((end, i) => end - (starts[i] ?? 0))
    .sort();
  const at = (share: number) => lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))] ?? 0;
  const ownTextTwice =
    config.duplicates === "allow" || config.ownTextTwice === "keep"
      ? 0
      : rows.filter(({ texts }) => new Set(texts).size < texts.length).length;
  return {
    name: source.name,
    share,
    rows: complete ? rows.length : undefined,
    heldOutRows,
    leftOut: { ...leftOut(), ...(ownTextTwice > 0 && { ownTextTwice }) },
    columns: source.columns,
    roles: columnRoles(loss, source.columns, names),
    characters: rows.reduce((sum, { texts }) => texts.reduce((of, text) => of + text.length, sum), 0),
    emptyTexts: rows.reduce((sum, { texts }) => sum + texts.filter((text) => text.trim() === "").length, 0),
    tokens: {
      mean: lengths.reduce((sum, length) => sum + length, 0) / sample.length,
      median: at(0.5),
      p95: at(0.95),
      longest: at(1),
      histogram: histogramOf(lengths),
    },
    truncatedShare: lengths.filter((length) => length > settings.maxSeqLength).length / lengths.length,
    duplicateRows: countDuplicates(rows),
    example: rows[0]?.texts ?? [],
  };
}

/** At most so many bars tell how long texts are. */
const mostBars = 24;

/** How many of some lengths, sorted, lie in each of a few steps of equal width. */
function histogramOf(lengths: Int32Array): NonNullable<SourceSummary["tokens"]["histogram"]> {
  const [shortest, longest] = [lengths[0], lengths.at(-1)];
  if (shortest === undefined || longest === undefined) return [];
  const width = Math.ceil((longest - shortest + 1) / mostBars);
  return Array.from({ length: Math.ceil((longest - shortest + 1) / width) }, (_, i) => {
    const [from, to] = [shortest + i * width, shortest + (i + 1) * width - 1];
    return { from, to, texts: lengths.filter((length) => from <= length && length <= to).length };
  });
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

/** What a column of a file is taken for. */
export type ColumnRole = {
  /** `query`, `positive` and `negative`, as --columns has them; `first` and `second` of pairs that are judged; `text`; `score`, `label`; `unused`. */
  readonly role: string;
  /** Default: it has none. */
  readonly name?: string;
};

/**
 * The roles of a file's columns, in their order.
 *
 * @param count how many texts a row has
 * @param columns their names, where they have some
 */
export function columnRoles(
  { needs = {} }: Pick<Loss, "needs">,
  count: number,
  columns: Columns | undefined,
): ColumnRole[] {
  const isJudged = needs.scores === "row" || needs.labels !== undefined;
  const roles = count === 1 ? ["text"] : isJudged ? ["first", "second", "third"] : ["query", "positive", "negative"];
  const roleOf = (column: number) => roles[Math.min(column, roles.length - 1)] ?? "text";
  if (columns === undefined) return Array.from({ length: count }, (_, column) => ({ role: roleOf(column) }));
  const { texts, marks, leftOut } = columns;
  const isFirst = (name: string, column: number) => texts.indexOf(name) === column; // a list of negatives is one column
  return [
    ...texts.flatMap((name, column) => (isFirst(name, column) ? [{ role: roleOf(column), name }] : [])),
    ...marks.map((name) => ({
      role: name.startsWith("score") || needs.scores !== undefined ? "score" : "label",
      name,
    })),
    ...leftOut.map((name) => ({ role: "unused", name })),
  ];
}
