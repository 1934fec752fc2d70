import type { Placed } from "./arg-struct.ts";
import type { PjrtApi } from "./pjrt-api.ts";

/** A program as PJRT takes it. `mlir` is bytecode or text. */
export function programStruct(api: PjrtApi, text: string): Placed {
  const code = new TextEncoder().encode(text);
  const format = new TextEncoder().encode("mlir");
  return api.struct("Program", { code, code_size: code.length, format, format_size: format.length });
}
