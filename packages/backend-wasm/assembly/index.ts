// What the modules export: one kernel family a file.
export * from "./matmul";
