// What the modules export: one kernel family a file.
export * from "./float-scores";
export * from "./norms";
export * from "./code-scores";
export * from "./bit-scores";
export * from "./hits";
