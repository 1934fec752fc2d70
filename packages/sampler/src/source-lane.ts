import { groupReader } from "./group-reader.ts";
import type { ResolvedOptions } from "./sampler-options.ts";
import { type ReaderPlace, rowReader, type RowGroup, type RowReader, usedText } from "./row-reader.ts";
import type { Source, TextsRow } from "./source.ts";
import { WaitingRows } from "./waiting-rows.ts";

/**
 * What has become of a source's rows so far. At any time `read` is the sum of `emitted`, `dropped`, `repetitive`, `overdue`, `lost`, `alone`,
 * `leftOver` and `waiting`.
 */
export type SourceCounts = {
  readonly name: string;
  /** Rows read, over all epochs. */
  readonly read: number;
  /** Rows given out in batches. */
  readonly emitted: number;
  /** How often a row had to wait because its batch had one of its texts. */
  readonly deferred: number;
  /** Rows left out under `duplicates: "drop"`, as they repeated a text of their batch. */
  readonly dropped: number;
  /** Rows left out as they hold one text twice. */
  readonly repetitive: number;
  /** Rows left out as more than `deferLimit` waited. */
  readonly overdue: number;
  /** Rows thrown away under `firstRows: "lose"`. */
  readonly lost: number;
  /** Rows left out as `groupBy` found no other of their label for them, in that epoch. */
  readonly alone: number;
  /** Rows left out under `dropLast`, as no full batch could be made of them. */
  readonly leftOver: number;
  /** Rows waiting now. */
  readonly waiting: number;
  /** The epoch the source is in, from 0. */
  readonly epoch: number;
};

/** What of a source's counts is only ever added to. */
type Sums = Omit<SourceCounts, "name" | "waiting" | "epoch">;

/** Counts of no rows. */
export const noRows: Sums = {
  read: 0,
  emitted: 0,
  deferred: 0,
  dropped: 0,
  repetitive: 0,
  overdue: 0,
  lost: 0,
  alone: 0,
  leftOver: 0,
};

/** The state of a lane as plain data: its place, and the counts of {@link SourceCounts}. */
export type LaneState = ReaderPlace & {
  /** The numbers of the rows that wait, the oldest first; a list where rows wait together. */
  readonly waiting: readonly (number | readonly number[])[];
  /** Whether its epochs are over and nothing waits. */
  readonly isFinished: boolean;
} & Omit<SourceCounts, "name" | "waiting" | "epoch">;

/** Where a lane begins. */
export const startOfLane: LaneState = { epoch: 0, position: 0, waiting: [], ...noRows, isFinished: false };

type LaneStart<Row extends TextsRow> = {
  readonly index: number;
  readonly options: ResolvedOptions<Row>;
  readonly state: LaneState;
};

/**
 * One source on its way into batches: its reader and the rows that wait for a batch without their texts in it.
 *
 * A *scope* is what no text may stand in twice, a batch or a round. A lane goes on to at most one new epoch in a scope:
 * by the end of that epoch every row has been offered to the scope, and a further pass could only find duplicates. So a
 * source that has too few different rows says so instead of looping.
 */
export class SourceLane<Row extends TextsRow> {
  readonly source: Source<Row>;
  /** The source's number among all. */
  readonly index: number;
  /** How often it is drawn, to the weights of the others. */
  readonly weight: number;
  /** Whether the lane will never give a row again: its epochs are over and nothing waits. */
  isFinished: boolean;
  readonly #options: ResolvedOptions<Row>;
  readonly #reader: RowReader<Row>;
  readonly #toRestore: LaneState["waiting"];
  #waiting: WaitingRows<Row> | undefined;
  #mayBeginEpoch = true;
  #counts: { -readonly [name in keyof Sums]: number };

  constructor(source: Source<Row>, { index, options, state }: LaneStart<Row>) {
    const { waiting, isFinished, epoch, position, readHash, epochHash, ...counts } = state;
    this.source = source;
    this.index = index;
    this.weight = options.weights[index] ?? 0; // there is one for each
    this.isFinished = isFinished && epoch + 1 >= options.epochs;
    this.#options = options;
    const place = { epoch, position, ...(readHash !== undefined && { readHash }), ...(epochHash && { epochHash }) };
    this.#reader = this.#readerAt(place);
    this.#toRestore = waiting;
    this.#counts = { ...counts };
  }

  /** Goes to its place. */
  ready(): Promise<void> | void {
    return this.#reader.ready();
  }

  /** A new scope has begun: what waits may fit now. */
  beginScope(): void {
    this.#waiting?.beginScope();
    this.#mayBeginEpoch = true;
  }

  /**
   * The next row that has no text in common with `used`, which then gets its texts, or the rows of a label; those that wait come first.
   * Undefined when the lane has nothing for the rest of this scope.
   */
  async take(used: Set<string>): Promise<RowGroup<Row> | undefined> {
    if (this.#toRestore.length > 0) this.#waiting ??= await this.#restored();
    const waited = this.#waiting?.take(used);
    if (waited !== undefined) return this.#emit(waited, used);
    while (true) {
      const read = this.#reader.read();
      const group = (read instanceof Promise ? await read : read) ?? (await this.#readOn());
      if (group === undefined) return undefined;
      if (this.#take(group, used)) return this.#emit(group, used);
    }
  }

  /** Counts rows that were given as left over: no batch is made of them. */
  leaveOver(rows: number): void {
    this.#counts.emitted -= rows;
    this.#counts.leftOver += rows;
  }

  state(): LaneState {
    const waiting =
      this.#waiting?.groups().map((group) => {
        const [first] = group;
        return first !== undefined && group.length === 1 ? first.index : group.map(({ index }) => index);
      }) ?? this.#toRestore;
    return { ...this.#reader.place(), ...this.#counts, waiting, isFinished: this.isFinished };
  }

  counts(): SourceCounts {
    const { epoch } = this.#reader.place();
    const waiting = this.#waiting?.size ?? this.#toRestore.flat().length;
    return { name: this.source.name, ...this.#counts, waiting, epoch };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  #readerAt(place: ReaderPlace): RowReader<Row> {
    const { key, groupBy, duplicates, order } = this.#options;
    const { source } = this;
    const options = { key, order: source.order ?? order, place };
    if (groupBy === undefined || !("length" in source)) return rowReader(source, options);
    const areUnlike = ({ texts }: Row, other: Row) =>
      duplicates === "allow" || !texts.some((text) => other.texts.includes(text));
    const isTaken = (row: Row) => duplicates === "allow" || !this.#isRepetitive(row);
    return groupReader(source, { ...options, grouping: { groupOf: groupBy, isTaken, areUnlike } });
  }

  async #restored(): Promise<WaitingRows<Row>> {
    const waiting = new WaitingRows<Row>();
    const rows = [...(await this.#reader.rowsAt(this.#toRestore.flat()))];
    for (const indices of this.#toRestore) {
      const group = rows.splice(0, typeof indices === "number" ? 1 : indices.length);
      waiting.add(group, group[0]?.row.texts[0] ?? "");
    }
    waiting.beginScope();
    return waiting;
  }

  /** The next row, of the next epoch if need be and allowed. */
  async #readOn(): Promise<RowGroup<Row> | undefined> {
    while (true) {
      const isLastEpoch = this.#reader.place().epoch + 1 >= this.#options.epochs;
      this.isFinished = isLastEpoch && (this.#waiting?.size ?? 0) === 0;
      if (isLastEpoch || !this.#mayBeginEpoch) return undefined;
      this.#mayBeginEpoch = this.#options.duplicates === "allow";
      await this.#reader.beginEpoch();
      const row = await this.#reader.read();
      if (row !== undefined) return row;
    }
  }

  /** Whether rows that were read come into the batch; else they wait, or are counted as left out. */
  #take(group: RowGroup<Row>, used: ReadonlySet<string>): boolean {
    const { duplicates, firstRows, groupBy } = this.#options;
    const isFirst = this.#counts.read === 0;
    this.#counts.read += group.length;
    const reason =
      firstRows === "lose" && isFirst
        ? "lost"
        : duplicates !== "allow" && group.some(({ row }) => this.#isRepetitive(row))
          ? "repetitive"
          : groupBy !== undefined && group.length === 1
            ? "alone"
            : undefined;
    if (reason !== undefined) {
      this.#counts[reason] += group.length;
      return false;
    }
    const text = duplicates === "allow" ? undefined : usedText(group, used);
    if (text === undefined) return true;
    if (duplicates === "drop") {
      this.#counts.dropped += group.length;
      return false;
    }
    this.#counts.deferred += group.length;
    this.#waiting ??= new WaitingRows<Row>();
    this.#waiting.add(group, text);
    if (this.#waiting.size > this.#options.deferLimit) this.#counts.overdue += this.#waiting.dropOldest()?.length ?? 0;
    return false;
  }

  #emit(group: RowGroup<Row>, used: Set<string>): RowGroup<Row> {
    this.#counts.emitted += group.length;
    for (const { row } of group) for (const text of row.texts) used.add(text);
    return group;
  }

  /** Whether a row is left out wherever it is drawn, as it holds one text twice. */
  #isRepetitive({ texts }: TextsRow): boolean {
    if (this.#options.ownTextTwice === "keep") return false;
    return texts.length === 2 ? texts[0] === texts[1] : new Set(texts).size < texts.length;
  }
}
