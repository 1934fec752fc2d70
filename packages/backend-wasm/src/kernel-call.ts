import type { WasmBackend } from "@kindred/tensor";
import type * as tf from "@tensorflow/tfjs-core";
import type { KernelExports } from "./kernel-exports.ts";
import type { ScratchArena } from "./scratch-arena.ts";

/** A tensor as a kernel sees it: its shape, and the address of its elements in the heap, between 0 and 2³². */
export type Operand = { readonly shape: readonly number[]; readonly address: number };

/** An output in the making. */
export type Output = Operand & { readonly info: tf.TensorInfo };

/** What one call of a kernel has to work with. Addresses stay valid during the call; views of the heap do not outlive `output`. */
export type KernelCall = {
  /** The module's functions. */
  readonly exports: KernelExports;
  /** The op's attributes, by reference. */
  readonly attributes: unknown;
  /** An input that is always given. */
  readonly input: (name: string) => Operand;
  /** An input that may be absent. */
  readonly optional: (name: string) => Operand | undefined;
  /**
   * Addresses, 64-byte aligned, of one stretch of bytes for each size; what they hold is undefined. At most once a call, and before
   * any output: then a heap that is full leaves nothing behind, and scratch leaves no hole below an output.
   */
  readonly scratch: <Sizes extends readonly number[]>(...byteCounts: Sizes) => { [I in keyof Sizes]: number };
  /** A new tensor with undefined elements, float32 unless said. */
  readonly output: (shape: readonly number[], dtype?: "float32" | "int32") => Output;
  /**
   * The bytes of the heap as they are now: for copying attributes (a layout's starts) to scratch. Take it after the last `scratch`
   * and `output`: they may make the heap grow, which empties older views.
   */
  readonly heap: () => Uint8Array<ArrayBuffer>;
};

/** A kernel: the op it implements, and what to do at a call. It returns the `info` of its outputs. */
export type Kernel = {
  readonly name: string;
  readonly run: (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];
};

/** A kernel as tfjs calls it. Scratch is given back whatever happens; outputs too when the kernel throws. */
export function kernelFunction({ name, run }: Kernel, exports: KernelExports, arena: ScratchArena): tf.KernelFunc {
  return ({ inputs, attrs, backend: generalBackend }) => {
    const backend = generalBackend as WasmBackend;
    const made: tf.TensorInfo[] = [];
    const operand = ({ dataId, shape }: tf.TensorInfo): Operand => ({
      shape,
      address: backend.dataIdMap.get(dataId).memoryOffset >>> 0,
    });
    const call: KernelCall = {
      exports,
      attributes: attrs,
      optional: (input) => (inputs[input] === undefined ? undefined : operand(inputs[input])),
      input: (input) => operand(inputs[input]!),
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
      return run(call);
    } catch (error) {
      for (const { dataId } of made) backend.disposeData(dataId);
      throw error;
    } finally {
      arena.giveBack();
    }
  };
}
