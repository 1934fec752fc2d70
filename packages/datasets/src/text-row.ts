/**
 * One training or evaluation example: two or more texts whose order says what they are (anchor, positive, negatives …).
 */
export type TextRow = {
  /** At least two texts. Every row of a file has the same number of them. */
  readonly texts: readonly string[];
  /**
   * How alike the first two texts are, where the file has a column named label or score. The scale is the file's own.
   */
  readonly score?: number;
  /** What the row belongs to (thread, synset): rows of one group must stay on one side of a split. */
  readonly group?: string;
  /** Where the row stands, for error messages. A record of several lines has the number of its first. */
  readonly place: { readonly file: string; readonly line?: number };
};
