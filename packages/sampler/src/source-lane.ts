import type { ResolvedOptions } from "./sampler-options.ts";
import { type NumberedRow, type ReaderPlace, rowReader, type RowReader } from "./row-reader.ts";
import type { Source, TextsRow } from "./source.ts";

/** What has become of a source's rows so far. At any time `read` is the sum of `emitted`, `dropped`, `repetitive`, `overdue`, `lost` and `waiting`. */
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
  /** Rows waiting now. */
  readonly waiting: number;
  /** The epoch the source is in, from 0. */
  readonly epoch: number;
};

/** The state of a lane as plain data. */
export type LaneState = ReaderPlace & {
  /** The numbers of the rows that wait, the oldest first. */
  readonly waiting: readonly number[];
  /** The counts of {@link SourceCounts}. */
  readonly read: number;
  readonly emitted: number;
  readonly deferred: number;
  readonly dropped: number;
  readonly repetitive: number;
  readonly overdue: number;
  readonly lost: number;
  /** Whether its epochs are over and nothing waits. */
  readonly isFinished: boolean;
};

const noRows = { read: 0, emitted: 0, deferred: 0, dropped: 0, repetitive: 0, overdue: 0, lost: 0 };

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
  /** Whether the lane will never give a row again: its epochs are over and nothing waits. */
  isFinished: boolean;
  readonly #options: ResolvedOptions<Row>;
  readonly #reader: RowReader<Row>;
  readonly #toRestore: readonly number[];
  #waiting: NumberedRow<Row>[] | undefined;
  /** Rows of `#waiting` before this one do not fit into the present scope. */
  #retryFrom = 0;
  #mayBeginEpoch = true;
  #counts: { -readonly [name in keyof typeof noRows]: number };

  constructor(source: Source<Row>, { index, options, state }: LaneStart<Row>) {
    const { read, emitted, deferred, dropped, repetitive, overdue, lost, waiting, isFinished, ...place } = state;
    this.source = source;
    this.index = index;
    this.isFinished = isFinished;
    this.#options = options;
    this.#reader = rowReader(source, { key: options.key, order: source.order ?? options.order, place });
    this.#toRestore = waiting;
    this.#counts = { read, emitted, deferred, dropped, repetitive, overdue, lost };
  }

  /** Goes to its place. */
  ready(): Promise<void> | void {
    return this.#reader.ready();
  }

  /** A new scope has begun: what waits may fit now. */
  beginScope(): void {
    this.#retryFrom = 0;
    this.#mayBeginEpoch = true;
  }

  /**
   * The next row that has no text in common with `used`, which then gets its texts; rows that wait come first.
   * Undefined when the lane has nothing for the rest of this scope.
   */
  async take(used: Set<string>): Promise<NumberedRow<Row> | undefined> {
    this.#waiting ??= [...(await this.#reader.rowsAt(this.#toRestore))];
    for (; this.#retryFrom < this.#waiting.length; this.#retryFrom++) {
      const numbered = this.#waiting[this.#retryFrom];
      if (numbered === undefined || !fits(numbered.row, used)) continue;
      this.#waiting.splice(this.#retryFrom, 1);
      return this.#emit(numbered, used);
    }
    while (true) {
      const numbered = await this.#readOn(this.#waiting.length);
      if (numbered === undefined) return undefined;
      this.#counts.read++;
      const { row } = numbered;
      if (this.#options.firstRows === "lose" && this.#counts.read === 1) {
        this.#counts.lost++;
        continue;
      }
      const emits = this.#options.duplicates === "allow" || (fits(row, used) && !this.#isRepetitive(row));
      if (emits) return this.#emit(numbered, used);
      this.#refuse(numbered, this.#waiting);
    }
  }

  state(): LaneState {
    const waiting = this.#waiting?.map(({ index }) => index) ?? this.#toRestore;
    return { ...this.#reader.place(), ...this.#counts, waiting, isFinished: this.isFinished };
  }

  counts(): SourceCounts {
    const { epoch, waiting } = this.state();
    return { name: this.source.name, ...this.#counts, waiting: waiting.length, epoch };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  /** The next row, of the next epoch if need be and allowed. */
  async #readOn(waiting: number): Promise<NumberedRow<Row> | undefined> {
    while (true) {
      const row = await this.#reader.read();
      if (row !== undefined) return row;
      const isLastEpoch = this.#reader.place().epoch + 1 >= this.#options.epochs;
      this.isFinished = isLastEpoch && waiting === 0;
      if (isLastEpoch || !this.#mayBeginEpoch) return undefined;
      this.#mayBeginEpoch = this.#options.duplicates === "allow";
      await this.#reader.beginEpoch();
    }
  }

  #emit(numbered: NumberedRow<Row>, used: Set<string>): NumberedRow<Row> {
    this.#counts.emitted++;
    for (const text of numbered.row.texts) used.add(text);
    return numbered;
  }

  /** Whether a row is left out wherever it is drawn, as it holds one text twice. */
  #isRepetitive({ texts }: TextsRow): boolean {
    return this.#options.ownTextTwice === "drop" && new Set(texts).size < texts.length;
  }

  #refuse(numbered: NumberedRow<Row>, waiting: NumberedRow<Row>[]): void {
    const isRepetitive = this.#isRepetitive(numbered.row);
    if (isRepetitive || this.#options.duplicates === "drop") {
      this.#counts[isRepetitive ? "repetitive" : "dropped"]++;
      return;
    }
    this.#counts.deferred++;
    waiting.push(numbered);
    if (waiting.length > this.#options.deferLimit) {
      waiting.shift();
      this.#counts.overdue++;
    }
    this.#retryFrom = waiting.length;
  }
}

function fits({ texts }: TextsRow, used: ReadonlySet<string>): boolean {
  return !texts.some((text) => used.has(text));
}
