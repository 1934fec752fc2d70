import { DataError } from "@kindred/errors";
import { childKey, permutation } from "@kindred/random";
import { checked, orderOf, type ReaderOptions, type RowReader } from "./row-reader.ts";
import type { RowGroupName, RowsSource, TextsRow } from "./source.ts";

/** Which rows come together. */
export type Grouping<Row extends TextsRow> = {
  /** What they have in common. */
  groupOf(row: Row): RowGroupName | undefined;
  /** Whether a row may come into a batch at all. */
  isTaken(row: Row): boolean;
  /** Whether two rows may come into one batch. */
  areUnlike(one: Row, other: Row): boolean;
};

/**
 * Rows in twos of a group. Of each group, in the epoch's order, a row comes with the next one that is unlike it; the twos come in random
 * order (or, in a file's, by their first rows). Then come the rows that are left alone, each by itself.
 *
 * @see Hermans, Beyer, Leibe 2017, "In defense of the triplet loss for person re-identification", §2: batches of P groups with K rows each,
 *   here with K = 2 and a group in more than one two where chance has it. sentence-transformers' `GroupByLabelBatchSampler` puts a whole
 *   group into a batch before the next, so that a large one fills batches alone.
 */
export function groupReader<Row extends TextsRow>(
  source: RowsSource<Row>,
  options: ReaderOptions & { readonly grouping: Grouping<Row> },
): RowReader<Row> {
  let { epoch, position } = options.place;
  let groups: readonly (readonly number[])[] | undefined;
  const rowAt = (index: number) => checked(source, index, source.row(index));
  return {
    ready() {},
    read() {
      groups ??= groupsOf(source, epoch, options);
      const group = groups[position];
      if (group === undefined) return undefined;
      position++;
      return group.map(rowAt);
    },
    beginEpoch() {
      epoch++;
      position = 0;
      groups = undefined;
    },
    rowsAt: async (indices) => indices.map(rowAt),
    place: () => ({ epoch, position }),
    close: async () => {},
  };
}

/** The rows of an epoch, by number: first the twos, then those that are alone. */
function groupsOf<Row extends TextsRow>(
  source: RowsSource<Row>,
  epoch: number,
  { grouping, ...options }: ReaderOptions & { readonly grouping: Grouping<Row> },
): readonly (readonly number[])[] {
  const order = orderOf(source, epoch, options);
  const unpaired = new Map<RowGroupName, number[]>();
  const twos: number[][] = [];
  const alone: number[][] = [];
  for (let i = 0; i < source.length; i++) {
    const index = order?.[i] ?? i;
    const row = source.row(index);
    const before = queueOf(unpaired, expectGroup(grouping.groupOf(row), source, index));
    const [first] = before;
    if (!grouping.isTaken(row)) alone.push([index]);
    else if (first === undefined || !grouping.areUnlike(source.row(first), row)) before.push(index);
    else {
      before.shift(); // all that stay are like it, so unlike nobody else here
      twos.push([first, index]);
    }
  }
  const left = [...unpaired.values()].flat().map((index) => [index]);
  return [...inOrder(twos, source, { epoch, ...options }), ...alone, ...left];
}

function inOrder(
  twos: readonly (readonly number[])[],
  { name }: { readonly name: string },
  { order, key, epoch }: Pick<ReaderOptions, "order" | "key"> & { readonly epoch: number },
): readonly (readonly number[])[] {
  if (order === "file" || (order === "file-first" && epoch === 0))
    return [...twos].sort(([one = 0], [other = 0]) => one - other);
  return Array.from(permutation(childKey(key, "groups", name, epoch), twos.length), (i) => twos[i]!); // `!`: i is below their number
}

function queueOf(queues: Map<RowGroupName, number[]>, group: RowGroupName): number[] {
  const known = queues.get(group);
  if (known !== undefined) return known;
  const queue: number[] = [];
  queues.set(group, queue);
  return queue;
}

function expectGroup(group: RowGroupName | undefined, source: { readonly name: string }, index: number): RowGroupName {
  if (group !== undefined) return group;
  throw new DataError(
    { file: source.name },
    `createSampler: row ${index} has no label to be grouped by. Expected one in every row. Leave the grouping out (--no-group-by-label), or label all rows.`,
  );
}
