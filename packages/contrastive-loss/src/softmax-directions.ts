import { ConfigError } from "@kindred/errors";

/** Who looks for whom: the rows and the columns of a block of scores. A "doc" that looks is the row's own positive. */
export type Direction = "queryToDoc" | "queryToQuery" | "docToQuery" | "docToDoc";

/** The choice of directions in `ContrastiveOptions`. */
export type DirectionOptions = {
  readonly direction?: "symmetric" | "one-way";
  readonly directions?: readonly Direction[];
  readonly partition?: "joint" | "perDirection";
};

/** The directions whose candidates share a softmax. */
export type Softmax = readonly [Direction, ...Direction[]];

const known: readonly Direction[] = ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"];

/**
 * The directions of each softmax of the loss, `queryToDoc` first: one list of all in the joint form, one list each per direction.
 *
 * @throws ConfigError if a direction is unknown or `queryToDoc` missing, the choice is made twice or half, or a direction without the
 * right answer among its candidates would have a softmax of its own.
 */
export function softmaxDirections(
  { direction, directions, partition }: DirectionOptions,
  columns: number,
): readonly Softmax[] {
  if (directions === undefined) {
    if (partition !== undefined) refuse("partition is of directions, of which there are none", { partition });
    const oneWay = (direction ?? (columns > 2 ? "one-way" : "symmetric")) === "one-way";
    return oneWay ? [["queryToDoc"]] : [["queryToDoc"], ["docToQuery"]];
  }
  if (direction !== undefined) refuse("direction and directions are both given", { direction, directions });
  const [first, ...others] = known.filter((name) => directions.includes(name));
  if (first !== "queryToDoc" || !directions.every((name) => known.includes(name))) {
    return refuse("directions are not what the loss knows", { directions });
  }
  if (partition === undefined || partition === "joint") return [[first, ...others]];
  if (partition !== "perDirection") refuse("partition is not what the loss knows", { partition });
  if (others.includes("queryToQuery") || others.includes("docToDoc")) {
    refuse("a softmax of its own needs the right answer among its candidates", { directions, partition });
  }
  return [first, ...others].map((name) => [name]);
}

function refuse(what: string, values: DirectionOptions): never {
  throw new ConfigError(
    `contrastive: ${what}. Got ${JSON.stringify(values)}, expected direction "symmetric" or "one-way" alone, or directions: ` +
      `"queryToDoc" and any of ${known.slice(1).join(", ")}, with partition "joint", or, for queryToDoc and docToQuery, "perDirection".`,
    values,
  );
}

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
