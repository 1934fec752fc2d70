import type { Direction } from "./softmax-directions.ts";

/** Rows of a batch whose scores are masked. */
export type ScoredRows = {
  /** The first of these rows, and how many there are. */
  readonly firstRow: number;
  readonly count: number;
  /** Rows of the whole batch. */
  readonly batch: number;
  /** Columns: queries, positives, and those of negatives. */
  readonly columns: number;
  /** For each column a number for each row's text: equal numbers are equal texts. Without it equal texts are not looked for. */
  readonly textIds?: readonly Int32Array[] | undefined;
};

/**
 * What rows `firstRow …` may not be pushed away from, as a mask for `softmaxCrossEntropy` over the directions' scores side by side:
 * count × candidates, 1 = leave out.
 *
 * Among documents the query and the positive of row i leave out
 *
 * * every document with the text of i's own positive, in whatever column and other row;
 * * the positives of other rows whose query has the text of i's query;
 *
 * among queries the same with queries and positives in each other's place; and queries among queries, documents among documents, all of
 * their own row.
 *
 * Whether there is a mask depends on the directions and on whether there are text ids, never on what is in them: a step that is
 * recorded once looks the same for every batch. Undefined for directions that never meet their own row, without text ids.
 */
export function excludedCandidates(
  directions: readonly Direction[],
  { firstRow, count, batch, columns, textIds }: ScoredRows,
): Uint8Array | undefined {
  if (textIds === undefined && !directions.some(meetsOwnRow)) return undefined;
  const widths = directions.map((direction) => (looksAtQueries(direction) ? 1 : columns - 1) * batch);
  const stride = widths.reduce((sum, width) => sum + width, 0);
  const mask = new Uint8Array(count * stride);
  let start = 0;
  for (const [i, direction] of directions.entries()) {
    const width = widths[i] ?? 0;
    const equalTexts = textIds && placesOfEqualTexts(direction, textIds);
    for (let row = 0; row < count; row++) {
      const [own, block] = [firstRow + row, row * stride + start];
      for (const place of equalTexts?.(own) ?? []) if (place !== own) mask[block + place] = 1;
      if (meetsOwnRow(direction)) for (let place = own; place < width; place += batch) mask[block + place] = 1;
    }
    start += width;
  }
  return mask;
}

const looksAtQueries = (direction: Direction) => direction.endsWith("ToQuery");

/** Whether a row's own texts are among its candidates without being the right answer. */
const meetsOwnRow = (direction: Direction) => direction === "queryToQuery" || direction === "docToDoc";

/** For a row of the batch, the places among a direction's candidates that hold its answer, or answer the same. Its own is among them. */
function placesOfEqualTexts(direction: Direction, [queries, positives, ...negatives]: readonly Int32Array[]) {
  if (queries === undefined || positives === undefined) return undefined;
  const [seekers, answers] = looksAtQueries(direction) ? [positives, queries] : [queries, positives];
  const ofCandidates = placesByText(looksAtQueries(direction) ? [queries] : [positives, ...negatives]);
  const ofSeekers = placesByText([seekers]);
  const places = (of: ReadonlyMap<number, number[]>, text: number | undefined) => of.get(text ?? Number.NaN) ?? [];
  return (row: number) => [...places(ofCandidates, answers[row]), ...places(ofSeekers, seekers[row])];
}

/** Where each text stands when the columns are laid end to end. */
function placesByText(columns: readonly Int32Array[]): Map<number, number[]> {
  const places = new Map<number, number[]>();
  let place = 0;
  for (const column of columns) {
    for (const text of column) {
      const known = places.get(text);
      if (known) known.push(place);
      else places.set(text, [place]);
      place++;
    }
  }
  return places;
}
