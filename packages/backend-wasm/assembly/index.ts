// What the modules export: one kernel family a file.
export * from "./matmul";
export * from "./column-sums";
export * from "./adam";
export * from "./attention";
export * from "./cross-entropy";
export * from "./dropout";
export * from "./elementwise";
export { geluConstantBytes, writeGeluConstants } from "./erf";
export * from "./gelu";
export * from "./l2-normalize";
export * from "./layer-norm";
export * from "./pooling";
export * from "./rows";
