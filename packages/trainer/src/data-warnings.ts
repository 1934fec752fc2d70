import { type Columns, columnWarnings, type TextRow } from "@kindred/datasets";
import type { Overlap } from "./overlaps.ts";
import type { SourceSummary } from "./train-event.ts";

/** What is known of a training file's columns. */
type FileColumns = {
  readonly file: string;
  readonly rows: readonly TextRow[];
  readonly columns: Columns | undefined;
  /** Whether somebody has named them. */
  readonly isChosen: boolean;
};

/** Columns that are not what they seem, and scores and labels that nobody looks at. */
export function warningsOfColumns({ file, rows, columns, isChosen }: FileColumns): string[] {
  const facts = { file, rows: rows.slice(0, 200), isChosen };
  const unused = columns?.leftOut.filter((name) => /^(score|label)s?$/.test(name)) ?? [];
  return [
    ...columnWarnings({ ...facts, names: columns?.texts, marks: columns?.marks }),
    ...unused.map((name) => `${file}: its ${name} is not looked at, as --columns does not name it.`),
  ];
}

/** Texts of which nothing can be learnt. */
export function warningsOfSummary({ name, emptyTexts }: SourceSummary): string[] {
  if (emptyTexts === 0) return [];
  return [`${name}: ${emptyTexts.toLocaleString("en")} texts are empty, or nothing but blanks: all of them are alike.`];
}

/** Rows of a file that is only evaluated on. */
type EvaluationRows = {
  readonly name: string;
  readonly rows: readonly TextRow[];
  /** Whether these are all. */
  readonly complete: boolean;
  readonly lines: { readonly badLines: number };
};

/** What is wrong with rows that are only evaluated on: unread or unreadable. */
export function warningsOfEvaluation({ name, rows, complete, lines: { badLines } }: EvaluationRows): string[] {
  const warnings: string[] = [];
  if (!complete)
    warnings.push(
      `${name}: only its first ${rows.length.toLocaleString("en")} rows are evaluated on (--max-eval-rows).`,
    );
  if (badLines > 0) warnings.push(`${name}: ${badLines} bad lines are left out.`);
  return warnings;
}

/** What is evaluated on and trained on as well. */
export function warningsOfOverlap({ evaluation, training, rows, compared, all }: Overlap): string[] {
  if (rows === 0) return [];
  const among = all ? "" : ` (of its first ${compared.toLocaleString("en")}, which were compared)`;
  return [
    `${evaluation} is no test of what is new: ${rows.toLocaleString("en")} rows of ${training}${among} that are trained on repeat a query or a pair of it.`,
  ];
}
