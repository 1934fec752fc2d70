import {
  type DefinedOp,
  type Fixed,
  type HostData,
  implement,
  isStandIn,
  type KernelResult,
  type OpInputs,
  type OpResult,
  type WasmBackend,
} from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import { type Frozen, frozenBehind } from "./frozen/frozen-weights.ts";
import type { KernelExports } from "./generated/kernel-exports.ts";
import type { ScratchArena } from "./scratch-arena.ts";

/** A tensor as a kernel sees it: its shape, and the address of its elements in the heap, between 0 and 2³². */
export type Operand = { readonly shape: readonly number[]; readonly address: number };

/** Rows and columns of a matrix. */
export function matrixSizes({ shape: [rows, columns] }: Pick<Operand, "shape">): [rows: number, columns: number] {
  if (rows === undefined || columns === undefined) throw new Error("A kernel takes something else for a matrix.");
  return [rows, columns];
}

/** The number of elements of a tensor. */
export function elementCount({ shape }: Operand): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** An output in the making. */
export type Output = Operand & { readonly info: tf.TensorInfo };

/** What any call of a kernel has to work with. Addresses stay valid during the call; views of the heap do not outlive `output`. */
export type Workspace = {
  /** The module's functions. */
  readonly exports: KernelExports;
  /**
   * Addresses, 64-byte aligned, of one stretch of bytes for each size; what they hold is undefined. At most once a call, and before
   * any output: then a heap that is full leaves nothing behind, and scratch leaves no hole below an output.
   */
  readonly scratch: <Sizes extends readonly number[]>(...byteCounts: Sizes) => { [I in keyof Sizes]: number };
  /** A new tensor with undefined elements, float32 unless said. */
  readonly output: (shape: readonly number[], dtype?: "float32" | "int32") => Output;
  /**
   * The bytes of the heap as they are now: for copying data (a layout's starts) to scratch. Take it after the last `scratch`
   * and `output`: they may make the heap grow, which empties older views.
   */
  readonly heap: () => Uint8Array<ArrayBuffer>;
};

/** The same, with the inputs of the op. */
type KernelCall<Inputs extends OpInputs> = Workspace & {
  /** An input that is always given. */
  readonly input: (name: keyof Inputs & string) => Operand;
  /** An input that may be absent. */
  readonly optional: (name: keyof Inputs & string) => Operand | undefined;
  /** The weight that an input stands for, if it has no elements in the heap. */
  readonly frozen: (name: keyof Inputs & string) => Frozen | undefined;
};

/** What a kernel does at a call. It returns the `info` of its outputs. */
export type Run<Inputs extends OpInputs, Data extends HostData, Constants extends Fixed, Result extends OpResult> = (
  call: KernelCall<Inputs>,
  data: Data,
  fixed: Constants,
) => KernelResult<Result>;

/** A kernel: the name of the op it implements, and how it takes its place on a module, until the returned function is called. */
export type Kernel = {
  readonly name: string;
  readonly start: (exports: KernelExports, backend: WasmBackend, arena: ScratchArena) => () => void;
};

/** A kernel for an op. Scratch is given back whatever happens; outputs too when it throws. */
export function kernelOf<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Result extends OpResult,
>(op: DefinedOp<Inputs, Data, Constants, Result>, run: Run<Inputs, Data, Constants, Result>): Kernel {
  const { name } = op.op;
  return {
    name,
    start: (exports, backend, arena) =>
      implement(op, "wasm", (inputs, data, fixed) => {
        const made: tf.TensorInfo[] = [];
        const operand = ({ dataId, shape, dtype }: tf.TensorInfo): Operand => {
          if (isStandIn({ dtype }))
            throw new Error(`${name}: its input stands for a frozen weight, which has no address in the heap.`);
          return { shape, address: backend.dataIdMap.get(dataId).memoryOffset >>> 0 };
        };
        const optional = (input: keyof Inputs & string) => {
          const tensor = inputs[input];
          return tensor === undefined ? undefined : operand(tensor);
        };
        const call: KernelCall<Inputs> = {
          exports,
          optional,
          frozen: (input) => {
            const tensor = inputs[input];
            return tensor === undefined ? undefined : frozenBehind(tensor);
          },
          input: (input) => {
            const given = optional(input);
            if (given === undefined) throw new Error(`${name}: its input ${input} is missing.`);
            return given;
          },
          scratch: (...byteCounts) => {
            if (made.length > 0) throw new Error(`${name}: scratch is asked for after an output.`);
            return arena.take(byteCounts) as { [I in keyof typeof byteCounts]: number };
          },
          output: (shape, dtype = "float32") => {
            const info = backend.makeOutput(shape, dtype);
            made.push(info);
            return { ...operand(info), info };
          },
          heap: () => backend.wasm.HEAPU8,
        };
        try {
          return run(call, data, fixed);
        } catch (error) {
          for (const { dataId } of made) backend.disposeData(dataId);
          throw error;
        } finally {
          arena.giveBack();
        }
      }),
  };
}
