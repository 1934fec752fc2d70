import type { Float } from "@kindred/tensor";

/**
 * How the weights of linear maps may be kept by who only encodes:
 *
 * * `float32`: as they are, 4 bytes a number;
 * * `bfloat16`: rounded to 8 binary digits, 2 bytes; products and sums are float32's;
 * * `int8`: whole numbers and one factor a row, 1 byte; each token's activations are rounded likewise, as it comes.
 *
 * Tables, gains and shifts are float32 in all of them.
 */
export const weightForms = ["float32", "bfloat16", "int8"] as const;

/** One of {@link weightForms}. */
export type WeightForm = (typeof weightForms)[number];

/** What is kept: rows that are looked up, `[rows, features]`, or the weight of a linear map, `[out, in]`. */
export type FrozenSpec = { readonly kind: "table" | "matrix"; readonly shape: readonly number[] };

/**
 * Weights that are no longer trained, in one WebAssembly memory, as an engine reads them: one copy for all threads that share the memory. Whoever
 * uses it says at which addresses they lie, multiples of 64, and lets no thread read one that another has not finished.
 */
export type FrozenWeights = {
  /** How many bytes such a weight takes. */
  readonly bytes: (weight: FrozenSpec) => number;
  /** Makes room up to an address, unless the memory is as large: before any is received, and by one thread alone. */
  readonly reserve: (end: number) => void;
  /** Takes a weight's numbers, which go to an address: one weight at a time. */
  readonly receive: (weight: FrozenSpec, address: number) => WeightReceiver;
  /**
   * The tensor that stands for what lies at an address: `linear` and `geluLinear` take it for a matrix, `embedding` and `positionBias` for a table. It is
   * freed as any; what it stands for stays.
   */
  readonly tensor: (weight: FrozenSpec, address: number) => Float;
};

/** A weight on its way. */
export type WeightReceiver = {
  /** The next of its numbers, row after row. */
  readonly write: (values: Float32Array) => void;
  /** When all are written. */
  readonly finish: () => void;
  /** In place of `finish`: the weight will never be whole. */
  readonly giveUp: () => void;
};

/** An engine that keeps weights in a memory of their own: `wasm()` of `@kindred/backend-wasm` does. */
export type KeepsWeights = {
  /** The forms that it has. */
  readonly weightForms: readonly WeightForm[];
  /**
   * Weights of a form in a memory, which may be shared, and grows as each thread that multiplies needs room beside them.
   *
   * @param agree given the number of this thread's layout, says which layout the weights have: all threads of a memory must read the same
   */
  readonly frozenWeights: (
    memory: WebAssembly.Memory,
    form: WeightForm,
    agree?: (layout: number) => number,
  ) => Promise<FrozenWeights>;
};
