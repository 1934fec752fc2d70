/** Values by parameter name: weights, gradients, updates or moments. An array may lie in a SharedArrayBuffer. */
export type NamedArrays = Record<string, Float32Array>;
