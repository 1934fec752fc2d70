import type { Precision } from "@kindred/vectors";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What every row of a file of vectors has. */
export type VectorColumns = {
  /** Numbers of a vector as it is stored: features, or bytes of bits. */
  readonly dimension: number;
  /** In how many bits a feature is kept. */
  readonly precision: Precision;
  /** Whether rows have ids of their own. Where they have none, a form that needs one takes the row's number. */
  readonly ids: boolean;
  /** Whether the texts are kept. */
  readonly texts: boolean;
};

/** Some rows that follow each other. */
export type VectorRows = {
  /** The first one's number among all rows, counted from 0. */
  readonly start: number;
  /** Their vectors, end to end: float32, or whole numbers of one byte. */
  readonly embeddings: Float32Array | Int8Array | Uint8Array;
  /** An id for each, null where a row has none; needed where the columns have ids. */
  readonly ids?: readonly (string | number | null)[] | undefined;
  /** A text for each; needed where the columns have texts. */
  readonly texts?: readonly string[] | undefined;
};

/** Some rows as they lie in a file, and what the file's end has to know of them. */
export type VectorPiece = { readonly bytes: Uint8Array; readonly note?: Json | undefined };

/** A piece in its place: what was noted of it, and at which byte of the file it begins. */
export type PlacedPiece = { readonly rows: number; readonly at: number; readonly note?: Json | undefined };

/**
 * How vectors lie in a kind of file: a head, pieces of rows one after another, and an end. All three are pure functions, and a piece's bytes do not
 * depend on where it lies: so a file can be gone on with behind any piece, and files can be joined piece by piece, to the same bytes.
 */
export type VectorForm = {
  /** As it is called in messages and in the note beside a file. */
  readonly name: string;
  /** The ending of a file's name. */
  readonly ending: `.${string}`;
  /** Whether it can hold ids and texts. */
  readonly holds: { readonly ids: boolean; readonly texts: boolean };
  /** Whether the head is the same for any number of rows, so that the file may go into a pipe. */
  readonly streams: boolean;
  /** What stands before the rows: as many bytes, however many rows there are. */
  readonly head: (columns: VectorColumns, rows: number) => Uint8Array;
  /** Some rows as bytes. */
  readonly piece: (columns: VectorColumns, rows: VectorRows) => VectorPiece;
  /** What stands behind the rows. */
  readonly end: (columns: VectorColumns, pieces: readonly PlacedPiece[]) => Uint8Array;
};
