import { DataError } from "@kindred/errors";
import { childKey, type Key, permutation } from "@kindred/random";
import type { RowsSource, Source, StreamSource } from "./source.ts";

/** A row of a source: its number there, and its texts. */
export type SourceRow = { readonly row: number; readonly texts: readonly string[] };

/** Where a reader stands: `position` rows of epoch number `epoch` are read. */
export type ReaderPlace = { readonly epoch: number; readonly position: number };

/** Reads a source epoch by epoch, from any place. */
export type RowReader = {
  /** The next row of this epoch; undefined at its end, as often as it is asked. */
  read(): Promise<SourceRow | undefined> | SourceRow | undefined;
  /** Goes to the beginning of the next epoch. */
  beginEpoch(): Promise<void> | void;
  /** Rows by number, in the order asked for. */
  rowsAt(rows: readonly number[]): Promise<readonly SourceRow[]>;
  place(): ReaderPlace;
  /** Lets go of an open file. */
  close(): Promise<void>;
};

/**
 * A reader of either kind of source. Rows at hand come in the order of `permutation(childKey(key, "order", name,
 * epoch), length)` if they are to be shuffled: the order of a source depends on its name and length, and on no other
 * source.
 */
export function rowReader(
  source: Source,
  options: { readonly key: Key; readonly order: "shuffle" | "file"; readonly place: ReaderPlace },
): RowReader {
  return "length" in source ? rowsReader(source, options) : streamReader(source, options.place);
}

function rowsReader(
  source: RowsSource,
  { key, order, place }: { readonly key: Key; readonly order: "shuffle" | "file"; readonly place: ReaderPlace },
): RowReader {
  let { epoch, position } = place;
  const drawOrder = () =>
    order === "shuffle" ? permutation(childKey(key, "order", source.name, epoch), source.length) : undefined;
  let rows = drawOrder();
  const rowAt = (row: number) => checked(source, row, source.row(row));
  return {
    read() {
      if (position === source.length) return undefined;
      const row = rows?.[position] ?? position;
      position++;
      return rowAt(row);
    },
    beginEpoch() {
      epoch++;
      position = 0;
      rows = drawOrder();
    },
    rowsAt: async (wanted) => wanted.map(rowAt),
    place: () => ({ epoch, position }),
    close: async () => {},
  };
}

function streamReader(source: StreamSource, place: ReaderPlace): RowReader {
  let { epoch, position } = place;
  let iterator: AsyncIterator<{ readonly texts: readonly string[] }> | undefined;
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
      if (!done) return checked(source, position++, value.texts);
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
    async rowsAt(wanted) {
      const found = new Map<number, SourceRow>();
      const missing = new Set(wanted);
      let row = Math.min(...wanted);
      if (missing.size > 0) {
        for await (const { texts } of source.open(row)) {
          if (missing.delete(row)) found.set(row, checked(source, row, texts));
          if (missing.size === 0) break;
          row++;
        }
      }
      if (missing.size > 0) {
        const message = `createSampler: the source has become shorter. Got ${row} rows, expected row ${Math.max(...missing)}.`;
        throw new DataError({ file: source.name }, message);
      }
      return wanted.map((one) => found.get(one)!);
    },
    place: () => ({ epoch, position }),
    close,
  };
}

function checked(source: Source, row: number, texts: readonly string[]): SourceRow {
  if (texts.length === source.columns) return { row, texts };
  const message = `createSampler: row ${row} does not fit. Got ${texts.length} texts, expected ${source.columns} as in the other rows.`;
  throw new DataError({ file: source.name }, message);
}
