import { readFileSync } from "node:fs";

/** A tensor of a golden file: its shape and its elements as they are stored. */
export type GoldenTensor = {
  readonly dtype: "F32" | "F64" | "I32" | "I64" | "U8" | "BOOL";
  readonly shape: readonly number[];
  /** F32 as Float32Array, F64 as Float64Array, I32 as Int32Array, I64 (whose values must be exact) as Float64Array, else bytes. */
  readonly values: Float32Array | Float64Array | Int32Array | Uint8Array;
};

/**
 * The tensors of a golden safetensors file by name.
 *
 * Written for tests and independent of `@kindred/tensor-files`, so that one can check the other. It trusts the file.
 */
export function readGoldenTensors(path: string): Map<string, GoldenTensor> {
  const file = readFileSync(path);
  const headerLength = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString("utf8", 8, 8 + headerLength)) as { [name: string]: Entry };
  return new Map(
    Object.entries(header).flatMap(([name, entry]) => {
      if (name === "__metadata__") return [];
      const { dtype, shape } = entry;
      const [begin, end] = entry.data_offsets;
      // A copy, for the alignment that typed arrays need.
      const bytes = Uint8Array.from(file.subarray(8 + headerLength + begin, 8 + headerLength + end)).buffer;
      return [[name, { dtype, shape, values: elements(name, dtype, bytes) }] as const];
    }),
  );
}

type Entry = { dtype: GoldenTensor["dtype"]; shape: number[]; data_offsets: [number, number] };

function elements(name: string, dtype: string, bytes: ArrayBuffer): GoldenTensor["values"] {
  if (dtype === "F32") return new Float32Array(bytes);
  if (dtype === "F64") return new Float64Array(bytes);
  if (dtype === "I32") return new Int32Array(bytes);
  if (dtype === "I64") return Float64Array.from(new BigInt64Array(bytes), Number);
  if (dtype === "U8" || dtype === "BOOL") return new Uint8Array(bytes);
  throw new Error(
    `readGoldenTensors: unknown dtype. Got ${dtype} for ${name}, expected F32, F64, I32, I64, U8 or BOOL.`,
  );
}
