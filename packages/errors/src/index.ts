export { KindredError, type ErrorDetails, type ExitCode } from "./kindred-error.ts";
export { ShapeError } from "./shape-error.ts";
export { ConfigError } from "./config-error.ts";
export { DataError, type DataPlace } from "./data-error.ts";
export { FormatError, type FormatPlace } from "./format-error.ts";
export { OutOfMemoryError, type MemoryState } from "./out-of-memory-error.ts";
export { MeshError } from "./mesh-error.ts";
export { type PlainError, toPlainError, fromPlainError } from "./plain-error.ts";
export { nearestName } from "./nearest-name.ts";
