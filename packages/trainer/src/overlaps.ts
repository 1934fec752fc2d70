import type { TextRow } from "@kindred/datasets";
import type { Source } from "@kindred/sampler";
import { repeats } from "./hold-out.ts";

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
