/** Sentences end to end without padding: sentence i is the rows `starts[i]` up to, not including, `starts[i + 1]`. */
export type PackedLayout = {
  readonly form: "packed";
  /** batch + 1 row offsets, from 0, never falling; the last one is the number of rows. Not to be written. */
  readonly starts: Int32Array;
  /** The number of each sentence in the whole (global) batch, for keyed dropout. Default 0, 1, …, batch − 1. */
  readonly rows?: Int32Array;
};

/** Sentences in `batch` runs of `seq` rows each: sentence i is the first `lengths[i]` rows of run i, the rest is padding. */
export type PaddedLayout = {
  readonly form: "padded";
  /** The number of sentences. */
  readonly batch: number;
  /** Rows a sentence, padding included. */
  readonly seq: number;
  /** Real rows of each sentence, 0 … seq. Not to be written. */
  readonly lengths: Int32Array;
  /** The number of each sentence in the whole (global) batch, for keyed dropout. Default 0, 1, …, batch − 1. */
  readonly rows?: Int32Array;
};

/**
 * Where the sentences of a batch lie among the rows of a `"tokens hidden"` tensor.
 *
 * Row-wise ops (linear, layer norm, GELU) don't ask; attention and pooling take the layout as an argument. It is frozen plain
 * data, so it goes through tfjs as an attribute of a kernel and through `postMessage`.
 */
export type SequenceLayout = PackedLayout | PaddedLayout;
