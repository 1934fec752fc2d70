/** For each column of the whole batch, a number for each row's text: equal numbers are equal texts, across columns too. */
export type TextIds = readonly Int32Array[];

/** Which rows of the whole batch to look at: `count` from `firstRow` on. */
export type RowRange = { readonly firstRow: number; readonly count: number };

/**
 * The documents that row i's query must not be pushed away from although they are not its own positive, as a mask for
 * `softmaxCrossEntropy`: count × documents, 1 = leave out; undefined if there is none.
 *
 * Documents are all rows of `positives`, then of each column of negatives. Left out for the query of row i are
 *
 * * every document with the text of row i's own positive, in whatever column and other row;
 * * the positives of other rows whose query has the text of row i's query.
 *
 * With positives as queries and queries as the only documents it is the mask of the other direction.
 */
export function falseNegatives(
  [queries, positives, ...negatives]: TextIds,
  { firstRow, count }: RowRange,
): Uint8Array | undefined {
  const documents = [positives!, ...negatives];
  const batch = positives!.length;
  const rowsOfQuery = placesByText([queries!]);
  const placesOfDocument = placesByText(documents);
  const mask = new Uint8Array(count * documents.length * batch);
  let found = false;
  for (let row = 0; row < count; row++) {
    const own = firstRow + row;
    const places = [...placesOfDocument.get(positives![own]!)!, ...rowsOfQuery.get(queries![own]!)!];
    for (const place of places) {
      if (place === own) continue;
      mask[row * documents.length * batch + place] = 1;
      found = true;
    }
  }
  return found ? mask : undefined;
}

/** Where each text stands when the columns are laid end to end. */
function placesByText(columns: TextIds): Map<number, number[]> {
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
