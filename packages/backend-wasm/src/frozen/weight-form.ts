/** Where a weight of a linear map is, and where it is packed to: addresses in bytes. */
export type Packing = {
  /** The weight `[out, in]`, float32, in the heap. */
  readonly weight: number;
  readonly out: number;
  readonly inner: number;
  /** {@link WeightForm.bytes} in the memory of weights, at a multiple of 64. */
  readonly to: number;
  /** {@link WeightForm.packScratchBytes} in the memory of weights, at a multiple of 64. */
  readonly scratch: number;
};

/** Where the numbers of a linear map are: addresses in bytes. */
export type LinearCall = {
  /** x `[rows, in]`, float32, in the heap. */
  readonly x: number;
  readonly rows: number;
  readonly inner: number;
  /** What {@link WeightForm.pack} gave, in the memory of weights. */
  readonly packed: number;
  readonly out: number;
  /** The bias `[out]` in the heap, or 0 for none. */
  readonly bias: number;
  /** The result, `[rows, out]`, in the heap. */
  readonly y: number;
  /** GELU of x takes its place. */
  readonly activated: boolean;
  /** {@link WeightForm.scratchBytes} in the memory of weights, at a multiple of 64, this thread's own. */
  readonly scratch: number;
};

/** A way to keep the weight of a linear map that is no longer trained, and to multiply by it. Sizes are at least 1; rows may be 0. */
export type WeightForm = {
  readonly name: "float32" | "bfloat16" | "int8";
  /** Bytes of a packed weight. */
  readonly bytes: (out: number, inner: number) => number;
  /** Bytes of scratch for packing. */
  readonly packScratchBytes: (inner: number) => number;
  /** Packs a weight, for any number of products in any number of threads. */
  readonly pack: (packing: Packing) => void;
  /** Bytes of scratch for any product of at most so many rows: 2 MiB or less for `inner` up to 4,096, however many rows. */
  readonly scratchBytes: (rows: number, inner: number, out: number) => number;
  /** y = x·weightᵀ + bias, or gelu(x)·weightᵀ + bias. */
  readonly linear: (call: LinearCall) => void;
};
