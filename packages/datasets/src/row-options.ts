import { DataError } from "@kindred/errors";
import type { LinesOptions } from "./lines.ts";
import type { TextRow } from "./text-row.ts";

/** The columns of a file, by name. */
export type Columns = {
  /** Those that are taken as texts, in the order of their roles. */
  readonly texts: readonly string[];
  /** Those that are taken as scores and labels. */
  readonly marks: readonly string[];
  /** Those that are left out. */
  readonly leftOut: readonly string[];
};

/** What a reader of rows takes of each line. */
export type RowOptions = LinesOptions & {
  /** How many texts a row has at least: 2 (default), but for labelled rows, which may have one; 1 where texts are taken by themselves. */
  readonly leastTexts?: 1 | 2 | undefined;
  /**
   * Names of the columns to take, in the order of their roles: query, positive, negatives. Others are left out, a score or label among them.
   * Default: all, in their own order.
   */
  readonly columns?: readonly string[] | undefined;
  /** Of rows whose columns are named: the one that holds their ids. Default: they have none. */
  readonly idColumn?: string | undefined;
  /** What messages call the way to name the columns. Default: nothing is said of it. */
  readonly columnFlag?: string | undefined;
  /** Whether a file without these columns is read as if they were not named. Default: it is refused. */
  readonly columnsIfThere?: boolean | undefined;
  /**
   * How many negatives every row is to have: of more, some are drawn by a hash that never changes; fewer are filled up with negatives of
   * other rows. Default: as many as the first row has, and any other number is refused.
   */
  readonly negatives?: number | undefined;
  /** Whether no row at all will do. Default: it is refused. */
  readonly mayBeEmpty?: boolean | undefined;
  /** Called once, before the first row, where columns have names. */
  readonly onColumns?: ((columns: Columns) => void) | undefined;
};

/** Negatives to fill up from, and rows that may wait for them. */
const [poolSize, mostWaiting] = [1024, 100_000];

/**
 * Rows of a query, a positive and any number of negatives as rows of exactly `count` negatives, each text once. A row that must be filled up
 * while no other negatives have come waits for them.
 *
 * @throws DataError for rows with a score for each candidate, and if the file has too few negatives to fill up from.
 */
export async function* withNegatives(
  rows: AsyncIterable<TextRow>,
  count: number,
  file: string,
): AsyncGenerator<TextRow, void> {
  const pool: string[] = []; // each text once
  const known = new Set<string>(); // those of the pool
  let waiting: TextRow[] = [];
  for await (const row of rows) {
    if ((row.scores?.length ?? 0) > 1)
      throw new DataError(
        row.place,
        "a row with a score for each candidate has its own negatives. Leave out negatives (--num-negatives).",
      );
    const others = [...new Set(row.texts.slice(2))].filter((text) => !known.has(text));
    const grows = others.length > 0;
    pool.push(...others);
    for (const text of others) known.add(text);
    for (const text of pool.splice(0, Math.max(0, pool.length - poolSize))) known.delete(text);
    const retried = grows ? [...waiting, row] : [row];
    if (grows) waiting = [];
    for (const each of retried) {
      const filled = filledRow(each, count, pool);
      if (filled === undefined) waiting.push(each);
      else yield filled;
    }
    if (waiting.length > mostWaiting) break;
  }
  const [first] = waiting;
  if (first === undefined) return;
  throw new DataError(
    { file, ...(first.place.line !== undefined && { line: first.place.line }) },
    `too few negatives to give this row and ${waiting.length - 1} others ${count} each. Got ${pool.length} in all. Lower negatives (--num-negatives).`,
  );
}

function filledRow(row: TextRow, count: number, pool: readonly string[]): TextRow | undefined {
  const [query = "", positive = "", ...given] = row.texts;
  const own = [...new Set(given)].filter((text) => text !== query && text !== positive);
  const chosen = own
    .map((text) => [hashOf(query + text), text] as const)
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, text]) => text);
  const taken = new Set([query, positive, ...chosen]);
  const start = hashOf(query);
  for (let i = 0; i < pool.length && chosen.length < count; i++) {
    const text = pool[(start + i) % pool.length];
    if (text === undefined || taken.has(text)) continue;
    taken.add(text);
    chosen.push(text);
  }
  return chosen.length < count ? undefined : { ...row, texts: [query, positive, ...chosen] };
}

/** FNV-1a over UTF-16 units: the same draw in every run. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
