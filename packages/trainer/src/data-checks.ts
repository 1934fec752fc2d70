import { type Columns, columnWarnings, type TextRow } from "@kindred/datasets";
import type { Source } from "@kindred/sampler";
import { repeats } from "./hold-out.ts";
import type { SourceSummary } from "./data-events.ts";

/** Rows of a training set that repeat a query or a pair of a file that is evaluated on, to the letter. */
export type Overlap = {
  readonly evaluation: string;
  readonly training: string;
  readonly rows: number;
  /** How many rows of the training set were compared, from its first. */
  readonly compared: number;
  /** Whether these are all. */
  readonly all: boolean;
};

/** More rows than so many, over all training sets, are not compared. */
const mostCompared = 5_000_000;

/** A training set and those of its rows that are in memory. */
export type TrainedRows = {
  readonly source: Source<TextRow>;
  readonly training: readonly TextRow[];
  readonly complete: boolean;
};

/**
 * Compares what is trained on with what is evaluated on: all rows, those of streamed files too, up to 5 million; of more, an equal number of the
 * first rows of each file.
 */
export async function overlapsOf(
  sets: readonly TrainedRows[],
  judged: readonly { readonly name: string; readonly rows: readonly TextRow[] }[],
  { signal, most = mostCompared }: { readonly signal?: AbortSignal | undefined; readonly most?: number } = {},
): Promise<Overlap[]> {
  if (judged.length === 0) return [];
  const tests = judged.map(({ rows }) => repeats(rows));
  const share = Math.ceil(most / sets.length);
  const overlaps: Overlap[] = [];
  for (const { source, training, complete } of sets) {
    const found = tests.map(() => 0);
    let [compared, all] = [0, true];
    const rows = !complete && "open" in source ? source.open(0) : training;
    for await (const row of rows) {
      if (compared === share) {
        all = false;
        break;
      }
      if (compared++ % 10_000 === 0) signal?.throwIfAborted();
      for (const [i, repeatsOne] of tests.entries()) if (repeatsOne(row)) found[i] = (found[i] ?? 0) + 1;
    }
    for (const [i, { name }] of judged.entries())
      overlaps.push({ evaluation: name, training: source.name, rows: found[i] ?? 0, compared, all });
  }
  return overlaps;
}

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

/** What is evaluated on and trained on as well: a warning for each file that is evaluated on, whatever number of files repeat it. */
export function warningsOfOverlaps(overlaps: readonly Overlap[]): string[] {
  const repeated = overlaps.filter(({ rows }) => rows > 0).toSorted((a, b) => b.rows - a.rows);
  return [...new Set(repeated.map(({ evaluation }) => evaluation))].map((evaluation) => {
    const of = repeated.filter((overlap) => overlap.evaluation === evaluation);
    const rows = of.reduce((sum, { rows }) => sum + rows, 0);
    const [only] = of.length === 1 ? of : [];
    const files = only === undefined ? `${of.length} files` : `${only.training}${amongOf(only)}`;
    const most = only === undefined ? `, most of them in ${of.slice(0, 3).map(placeOf).join("; ")}` : "";
    return `${evaluation} is no test of what is new: ${rows.toLocaleString("en")} rows of ${files} that are trained on repeat a query or a pair of it${most}.`;
  });
}

function placeOf(overlap: Overlap): string {
  return `${overlap.training}${amongOf(overlap)}: ${overlap.rows.toLocaleString("en")}`;
}

/** Of how many rows, where not all were compared. */
function amongOf({ all, compared }: Overlap): string {
  return all ? "" : ` (of its first ${compared.toLocaleString("en")}, which were compared)`;
}
