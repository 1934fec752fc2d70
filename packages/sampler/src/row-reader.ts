import { ConfigError, DataError } from "@kindred/errors";
import { childKey, type Key, permutation } from "@kindred/random";
import type { RowOrder, RowsSource, Source, StreamSource, TextsRow } from "./source.ts";

/** A row of a source, and its number there. */
export type NumberedRow<Row extends TextsRow> = { readonly index: number; readonly row: Row };

/** Rows that come into a batch together: one, or two of a group. */
export type RowGroup<Row extends TextsRow> = readonly NumberedRow<Row>[];

/** A text of these rows that is used, if one is. */
export function usedText<Row extends TextsRow>(group: RowGroup<Row>, used: ReadonlySet<string>): string | undefined {
  for (const { row } of group) for (const text of row.texts) if (used.has(text)) return text;
  return undefined;
}

/** Where a reader stands: `position` rows of epoch number `epoch` are read. */
export type ReaderPlace = {
  readonly epoch: number;
  readonly position: number;
  /** Of a stream: the hash of those rows, and that of a whole epoch, empty until one is over. */
  readonly readHash?: string;
  readonly epochHash?: string;
};

/** Reads a source epoch by epoch, from any place. */
export type RowReader<Row extends TextsRow> = {
  /** Goes to its place, and refuses a stream whose rows before it are no longer those that were read. */
  ready(): Promise<void> | void;
  /** The next row of this epoch, or those that come with it; undefined at its end, as often as it is asked. */
  read(): Promise<RowGroup<Row> | undefined> | RowGroup<Row> | undefined;
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

/** What a reader goes by. */
export type ReaderOptions = { readonly key: Key; readonly order: RowOrder; readonly place: ReaderPlace };

function rowsReader<Row extends TextsRow>(
  source: RowsSource<Row>,
  { key, order, place }: ReaderOptions,
): RowReader<Row> {
  let { epoch, position } = place;
  const drawOrder = () => orderOf(source, epoch, { key, order });
  let shuffled = drawOrder();
  const rowAt = (index: number) => checked(source, index, source.row(index));
  return {
    ready() {},
    read() {
      if (position === source.length) return undefined;
      const index = shuffled?.[position] ?? position;
      position++;
      return [rowAt(index)];
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

/** The rows of an epoch in their order, by number; undefined for that of the file. */
export function orderOf(
  source: Pick<RowsSource, "name" | "length">,
  epoch: number,
  { key, order }: Pick<ReaderOptions, "key" | "order">,
): Uint32Array | undefined {
  return order === "shuffle" || (order === "file-first" && epoch > 0)
    ? permutation(childKey(key, "order", source.name, epoch), source.length)
    : undefined;
}

function streamReader<Row extends TextsRow>(source: StreamSource<Row>, place: ReaderPlace): RowReader<Row> {
  const { readHash = "" } = place;
  let { epoch, position, epochHash = "" } = place;
  let hash: RowHash<Row> | undefined; // there once the stream is open
  let iterator: AsyncIterator<Row> | undefined;
  let ended = false;
  const close = async () => {
    const open = iterator;
    iterator = undefined;
    await open?.return?.();
  };
  /** The stream from its beginning, up to the place: what stands before it is read again, to see that it is the same. */
  const opened = async () => {
    const rows = source.open(0)[Symbol.asyncIterator]();
    const ofRows = rowHash(contentOf(source));
    let read = 0;
    for (; read < position; read++) {
      const { done, value } = await rows.next();
      if (done) break;
      ofRows.add(value);
    }
    if (position > 0 && (read < position || ofRows.value() !== readHash)) {
      await rows.return?.();
      throw new ConfigError(
        `createSampler: the rows of ${source.name} have changed. Got others among the first ${position} than were read before. Go on with the data as it was, or start anew.`,
        { source: source.name, rows: position },
      );
    }
    hash = ofRows;
    return rows;
  };
  return {
    async ready() {
      if (position > 0 && !ended) iterator ??= await opened();
    },
    async read() {
      if (ended) return undefined;
      iterator ??= await opened();
      const { done, value } = await iterator.next();
      if (!done) {
        hash?.add(value);
        return [checked(source, position++, value)];
      }
      ended = true;
      iterator = undefined;
      if (position === 0)
        throw new DataError(
          { file: source.name },
          "createSampler: the source is empty. Got no row, expected one or more.",
        );
      const whole = hash?.value() ?? "";
      if (epochHash !== "" && whole !== epochHash)
        throw new DataError(
          { file: source.name },
          "createSampler: the rows have changed since they were read first. Expected the same in each pass. Start anew.",
        );
      epochHash = whole;
      return undefined;
    },
    async beginEpoch() {
      await close();
      epoch++;
      position = 0;
      ended = false;
      hash = rowHash(contentOf(source));
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
    place: () => ({ epoch, position, readHash: hash?.value() ?? readHash, epochHash }),
    close,
  };
}

/** A row with its number. @throws DataError if it has another number of texts than the source says */
export function checked<Row extends TextsRow>(source: Source<Row>, index: number, row: Row): NumberedRow<Row> {
  const columns = row.texts.length;
  if (columns === source.columns) return { index, row };
  const message = `createSampler: row ${index} does not fit. Got ${columns} texts, expected ${source.columns} as in the other rows.`;
  throw new DataError({ file: source.name }, message);
}

function contentOf<Row extends TextsRow>(source: Source<Row>): ((row: Row) => string) | undefined {
  return source.content === undefined ? undefined : (row) => source.content?.(row) ?? "";
}

/** A running hash of rows in their order. */
export type RowHash<Row extends TextsRow> = {
  /** Takes the next row. */
  add(row: Row): void;
  /** Of all rows so far, 16 hexadecimal digits. */
  value(): string;
};

/**
 * A hash that tells rows that were changed by accident: two lanes of FNV-1a over UTF-16 units, the second with another multiplier and its
 * high bits folded in. Not against somebody who looks for two texts of one hash.
 *
 * @param content all that counts of a row, as text. Default: its texts
 * @see G. Fowler, L. C. Noll, K.-P. Vo, D. Eastlake, The FNV Non-Cryptographic Hash Algorithm
 *
 * @example
 * ```ts
 * import { rowHash } from "@kindred/sampler";
 *
 * const [one, other] = [rowHash(), rowHash()];
 * one.add({ texts: ["a cat", "a kitten"] });
 * other.add({ texts: ["a cat", "a kitteh"] });
 * one.value() === other.value(); // => false
 * ```
 */
export function rowHash<Row extends TextsRow>(
  content: (row: Row) => string = ({ texts }) => JSON.stringify(texts),
): RowHash<Row> {
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  return {
    add(row) {
      const text = content(row);
      for (let i = 0; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        one = Math.imul(one ^ unit, 0x01000193);
        other = Math.imul(other ^ unit ^ (other >>> 15), 0x85ebca6b);
      }
      // A row ends: 0x10000 is no UTF-16 unit.
      one = Math.imul(one ^ 0x10000, 0x01000193);
      other = Math.imul(other ^ 0x10000 ^ (other >>> 15), 0x85ebca6b);
    },
    value: () => [one, other].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join(""),
  };
}
