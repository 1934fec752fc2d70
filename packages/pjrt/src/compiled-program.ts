import type { Placed } from "./arg-struct.ts";
import { readNamedValues } from "./named-values.ts";
import type { PjrtApi } from "./pjrt-api.ts";
import { PjrtError } from "./pjrt-error.ts";

/** A StableHLO module as text; other fields are passed over, so a program of `@kindred/stablehlo` fits. */
export type ProgramText = { readonly text: string };

/** What both ways of compiling take. */
type CompileFields = {
  readonly program: Placed;
  readonly compile_options: Uint8Array;
  readonly compile_options_size: number;
};

/**
 * Compiles with one of PJRT's functions.
 *
 * @throws PjrtError if it fails; where the compiler names a line (`-:12:3: error: …`), the message shows it
 */
export function compileWith(
  api: PjrtApi,
  { text }: ProgramText,
  options: Uint8Array,
  compile: (fields: CompileFields) => bigint,
): bigint {
  const code = new TextEncoder().encode(text);
  const format = new TextEncoder().encode("mlir"); // bytecode, or text
  const program = api.struct("Program", { code, code_size: code.length, format, format_size: format.length });
  try {
    return compile({ program, compile_options: options, compile_options_size: options.length });
  } catch (error) {
    if (!(error instanceof PjrtError)) throw error;
    const line = Number(/^\S+: -:(\d+):\d+: error/.exec(error.message)?.[1] ?? 0);
    if (line === 0) throw error;
    const shown = (text.split("\n")[line - 1] ?? "").trim().slice(0, 500);
    throw new PjrtError(
      error.code,
      error.function,
      `${error.message.trimEnd()}\nLine ${line}: ${shown}`,
      error.details,
    );
  }
}

/** The memory that a program needs on each device, in bytes. `aliased` is the part of `outputs` that lies in donated arguments. */
export type ProgramMemory = {
  readonly arguments: number;
  readonly outputs: number;
  readonly aliased: number;
  readonly temporary: number;
  readonly code: number;
};

/**
 * What the compiler expects of one run on each device: floating-point operations, bytes read and written, and the seconds it would take at
 * best. `all` has what else the plugin tells, under its own names.
 */
export type ProgramCost = {
  readonly flops?: number;
  readonly bytesAccessed?: number;
  readonly seconds?: number;
  readonly all: { readonly [name: string]: number };
};

/** The memory of a native executable. */
export function memoryOf(api: PjrtApi, executable: bigint): ProgramMemory {
  const stats = api.call("Executable_GetCompiledMemoryStats", { executable });
  return {
    arguments: stats.number("argument_size_in_bytes"),
    outputs: stats.number("output_size_in_bytes"),
    aliased: stats.number("alias_size_in_bytes"),
    temporary: stats.number("temp_size_in_bytes"),
    code: stats.number("generated_code_size_in_bytes"),
  };
}

/** The cost of a native executable; empty where the plugin has no analysis. */
export function costOf(api: PjrtApi, executable: bigint): ProgramCost {
  try {
    const found = api.call("Executable_GetCostAnalysis", { executable });
    const values = readNamedValues(api.native, found.pointer("properties"), found.number("num_properties"));
    const all = Object.fromEntries(
      Object.entries(values).flatMap(([name, value]) => (typeof value === "number" ? [[name, value] as const] : [])),
    );
    const { flops, "bytes accessed": bytesAccessed, optimal_seconds: seconds } = all;
    return {
      ...(flops === undefined ? {} : { flops }),
      ...(bytesAccessed === undefined ? {} : { bytesAccessed }),
      ...(seconds === undefined ? {} : { seconds }),
      all,
    };
  } catch (error) {
    if (error instanceof PjrtError && error.code === "UNIMPLEMENTED") return { all: {} };
    throw error;
  }
}

/** A native executable as bytes. */
export function serializeExecutable(api: PjrtApi, executable: bigint): Uint8Array {
  const found = api.call("Executable_Serialize", { executable });
  const deleter = api.native.callable(found.pointer("serialized_executable_deleter"));
  const owner = found.pointer("serialized_executable");
  try {
    const bytes = found.number("serialized_bytes_size");
    return new Uint8Array(api.native.memory(found.pointer("serialized_bytes"), bytes)).slice();
  } finally {
    deleter(owner);
  }
}
