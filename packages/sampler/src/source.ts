/** A row of a source: its texts, and whatever else the caller's rows hold, which comes out as it went in. */
export type TextsRow = { readonly texts: readonly string[] };

/** In which order rows at hand come: a new one each epoch, the file's own, or the file's own in the first epoch only. */
export type RowOrder = "shuffle" | "file" | "file-first";

/** What rows of a group have in common: a label. */
export type RowGroupName = string | number;

/** What both kinds of source say about themselves. */
export type SourceIdentity<Row extends TextsRow = TextsRow> = {
  /** Its identity: unique among the sources, and what its order of rows is drawn from. */
  readonly name: string;
  /** How often it is drawn: in proportion to the other weights. 0 = never. */
  readonly weight: number;
  /** How many texts each of its rows has. */
  readonly columns: number;
  /**
   * Anything that changes when the data does (size and time of a file, a hash), for a resume to compare. Default: a hash of the rows, where
   * they are at hand.
   */
  readonly fingerprint?: string;
  /** In which order its rows come, if they are at hand. Default: as the sampler's options say. */
  readonly order?: RowOrder;
  /** All that counts of a row, as text: what a resume compares, row by row. Default: its texts. */
  content?(row: Row): string;
};

/** A source whose rows are at hand, in any order. */
export type RowsSource<Row extends TextsRow = TextsRow> = SourceIdentity<Row> & {
  /** How many rows it has, at least 1. */
  readonly length: number;
  /** Row i, 0 ≤ i < length; the same each time. */
  row(i: number): Row;
};

/** A source that can only be read from front to back: a large file, a network stream. */
export type StreamSource<Row extends TextsRow = TextsRow> = SourceIdentity<Row> & {
  /** How many rows it has, where that is known: ways of mixing that go by size ask for it. */
  readonly lines?: number;
  /** The rows from row number `skip` (counted from 0) to the end; the same rows each time. Called again for each epoch. */
  open(skip: number): AsyncIterable<Row>;
};

/** Where rows come from. A source with `length` and `row` can be shuffled, one with `open` is read in file order. */
export type Source<Row extends TextsRow = TextsRow> = RowsSource<Row> | StreamSource<Row>;
