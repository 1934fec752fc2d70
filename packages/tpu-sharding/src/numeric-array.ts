/** The typed arrays that collectives carry. */
export type NumericArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;
