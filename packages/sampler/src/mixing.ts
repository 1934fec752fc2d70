import type { ResolvedOptions } from "./sampler-options.ts";
import type { SourceLane } from "./source-lane.ts";
import type { TextsRow } from "./source.ts";

/** A row of a batch, as its source gave it: which source, by index, and the row's number there. */
export type SampledRow<Row extends TextsRow = TextsRow> = {
  readonly source: number;
  readonly index: number;
  readonly row: Row;
};

/** Where a way of mixing stands, in numbers that it names itself; null where the next batch depends on nothing but lanes and draws. */
export type MixingPlace = { readonly [name: string]: number } | null;

/** Decides from which sources the next batch comes. Each way is a file of its own. */
export type WayOfMixing<Row extends TextsRow> = {
  /**
   * The rows of the next batch, fewer than `batchSize` (none, even) where what it draws from has no more for this batch; undefined when it
   * is over. It begins a scope where texts may stand again.
   */
  next(): Promise<readonly SampledRow<Row>[] | undefined>;
  /** Whether the next batch begins a new scope, so that lanes, draws and the place say all. */
  isScopeOver(): boolean;
  place(): MixingPlace;
};

/** What a way of mixing draws from. */
export type Drawing<Row extends TextsRow> = {
  readonly options: ResolvedOptions<Row>;
  /** All sources. */
  readonly lanes: readonly SourceLane<Row>[];
  /** The sources that may be drawn: of a weight above 0, and not read to their end. */
  openLanes(): readonly SourceLane<Row>[];
  /** One of these sources by weight: what drawing from all and rejecting the others would give. Undefined, and no draw, of none. */
  draw(among: readonly SourceLane<Row>[]): SourceLane<Row> | undefined;
  /** A new batch or round begins: no text is used yet. */
  beginScope(): void;
  /** Adds a source's next row (or rows that belong together) to a batch; false if it has none for the rest of the scope. */
  add(lane: SourceLane<Row>, rows: SampledRow<Row>[]): Promise<boolean>;
  /** A batch of one source. */
  fill(lane: SourceLane<Row>): Promise<readonly SampledRow<Row>[]>;
};

/** Those of these sources whose rows have as many texts as this one's. */
export function withColumnsOf<Row extends TextsRow>(
  { source: { columns } }: SourceLane<Row>,
  among: readonly SourceLane<Row>[],
): readonly SourceLane<Row>[] {
  return among.filter(({ source }) => source.columns === columns);
}
