export {
  ConfigError,
  DataError,
  type DataPlace,
  DivergenceError,
  type ErrorDetails,
  type ExitCode,
  FormatError,
  type FormatPlace,
  KindredError,
  type MemoryState,
  MeshError,
  OutOfMemoryError,
  ShapeError,
  WorkerError,
} from "./kindred-error.ts";
export { fromPlainError, type PlainError, toPlainError } from "./plain-error.ts";
export { nearestName } from "./nearest-name.ts";
export { JsonField } from "./json-field.ts";
