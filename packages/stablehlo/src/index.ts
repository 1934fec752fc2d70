export { type ElementType, elementCount, type Shape, type TensorType, type Value } from "./value.ts";
export type { Binary, Comparison, Unary } from "./elementwise.ts";
export type { DotOptions } from "./products.ts";
export type { Reduction } from "./reductions.ts";
export { Graph, type Replicas } from "./graph.ts";
export type { Program, ProgramOptions } from "./program.ts";
