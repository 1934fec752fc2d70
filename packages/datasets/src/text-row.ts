/**
 * One training or evaluation example, whole: texts whose order says what they are (anchor, positive, negatives …), and what else the file
 * says of them. All rows of a file hold the same.
 */
export type TextRow = {
  /** Two or more, or one: with a label, or where texts are taken by themselves. */
  readonly texts: readonly string[];
  /**
   * Numbers about the row, where the file has a column named score or scores: one, of how alike the first two texts are, or one for each
   * text after the first. The scale is the file's own.
   */
  readonly scores?: readonly number[];
  /** The row's class, where the file has a column named label or labels: a number (1 = a match, 0 = none) or a name. */
  readonly label?: number | string;
  /** What the row belongs to (thread, synset): rows of one group must stay on one side of a split. */
  readonly group?: string;
  /** What the row is called, where a column of ids is asked for: a text or a number; null where it has none. */
  readonly id?: string | number | null;
  /** Where the row stands, for error messages. A record of several lines has the number of its first. */
  readonly place: { readonly file: string; readonly line?: number };
};
