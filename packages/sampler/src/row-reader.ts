import { DataError } from "@kindred/errors";
import { childKey, type Key, permutation } from "@kindred/random";
import type { RowsSource, Source, StreamSource, TextsRow } from "./source.ts";

/** A row of a source, and its number there. */
export type NumberedRow<Row extends TextsRow> = { readonly index: number; readonly row: Row };

/** Where a reader stands: `position` rows of epoch number `epoch` are read. */
type ReaderPlace = { readonly epoch: number; readonly position: number };

/** Reads a source epoch by epoch, from any place. */
export type RowReader<Row extends TextsRow> = {
  /** The next row of this epoch; undefined at its end, as often as it is asked. */
  read(): Promise<NumberedRow<Row> | undefined> | NumberedRow<Row> | undefined;
  /** Goes to the beginning of the next epoch. */
  beginEpoch(): Promise<void> | void;
  /** Rows by number, in the order asked for. */
  rowsAt(indices: readonly number[]): Promise<readonly NumberedRow<Row>[]>;
  place(): ReaderPlace;
  /** Lets go of an open file. */
  close(): Promise<void>;
};

/**
 * A reader of either kind of source. Rows at hand come in the order of `permutation(childKey(key, "order", name,
 * epoch), length)` if they are to be shuffled: the order of a source depends on its name and length, and on no other
 * source.
 */
export function rowReader<Row extends TextsRow>(source: Source<Row>, options: ReaderOptions): RowReader<Row> {
  return "length" in source ? rowsReader(source, options) : streamReader(source, options.place);
}

type ReaderOptions = { readonly key: Key; readonly order: "shuffle" | "file"; readonly place: ReaderPlace };

function rowsReader<Row extends TextsRow>(
  source: RowsSource<Row>,
  { key, order, place }: ReaderOptions,
): RowReader<Row> {
  let { epoch, position } = place;
  const drawOrder = () =>
    order === "shuffle" ? permutation(childKey(key, "order", source.name, epoch), source.length) : undefined;
  let shuffled = drawOrder();
  const rowAt = (index: number) => checked(source, index, source.row(index));
  return {
    read() {
      if (position === source.length) return undefined;
      const index = shuffled?.[position] ?? position;
      position++;
      return rowAt(index);
    },
    beginEpoch() {
      epoch++;
      position = 0;
      shuffled = drawOrder();
    },
    rowsAt: async (indices) => indices.map(rowAt),
    place: () => ({ epoch, position }),
    close: async () => {},
  };
}

function streamReader<Row extends TextsRow>(source: StreamSource<Row>, place: ReaderPlace): RowReader<Row> {
  let { epoch, position } = place;
  let iterator: AsyncIterator<Row> | undefined;
  let ended = false;
  const close = async () => {
    const open = iterator;
    iterator = undefined;
    await open?.return?.();
  };
  return {
    async read() {
      if (ended) return undefined;
      iterator ??= source.open(position)[Symbol.asyncIterator]();
      const { done, value } = await iterator.next();
      if (!done) return checked(source, position++, value);
      ended = true;
      iterator = undefined;
      if (position > 0) return undefined;
      throw new DataError(
        { file: source.name },
        "createSampler: the source is empty. Got no row, expected one or more.",
      );
    },
    async beginEpoch() {
      await close();
      epoch++;
      position = 0;
      ended = false;
    },
    async rowsAt(indices) {
      const found = new Map<number, NumberedRow<Row>>();
      const missing = new Set(indices);
      let index = Math.min(...indices);
      if (missing.size > 0) {
        for await (const row of source.open(index)) {
          if (missing.delete(index)) found.set(index, checked(source, index, row));
          if (missing.size === 0) break;
          index++;
        }
      }
      return indices.map((wanted) => {
        const row = found.get(wanted);
        if (row !== undefined) return row;
        const message = `createSampler: the source has become shorter. Got ${index} rows, expected row ${Math.max(...missing)}.`;
        throw new DataError({ file: source.name }, message);
      });
    },
    place: () => ({ epoch, position }),
    close,
  };
}

function checked<Row extends TextsRow>(source: Source<Row>, index: number, row: Row): NumberedRow<Row> {
  const columns = row.texts.length;
  if (columns === source.columns) return { index, row };
  const message = `createSampler: row ${index} does not fit. Got ${columns} texts, expected ${source.columns} as in the other rows.`;
  throw new DataError({ file: source.name }, message);
}
