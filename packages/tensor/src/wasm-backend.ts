import * as tf from "@tensorflow/tfjs-core";

/** What tfjs-backend-wasm 4.22.0 keeps of one block of elements, which several tensors may share. */
export type WasmData = {
  /** The number under which the C++ side knows it. */
  readonly id: number;
  /** Where it begins in the heap, in bytes. Never moves. */
  readonly memoryOffset: number;
  readonly dtype: tf.DataType;
  readonly refCount: number;
};

/** The Emscripten module of tfjs-backend-wasm, as far as Kindred uses it. */
export type WasmModule = {
  /** All of the heap, as it is now: an allocation may replace the view and empty the old one. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  /** The heap's allocator: 0 when it is full, if nothing guards it. */
  _malloc: (byteCount: number) => number;
  /** Gives a block back. */
  _free: (memoryOffset: number) => void;
  /** The heap's memory where the module imports it (the threaded build). */
  readonly wasmMemory?: WebAssembly.Memory;
  /** What the module exports, its memory among them unless it imports that. */
  readonly asm?: { readonly memory?: WebAssembly.Memory };
  readonly tfjs: {
    /** Tells the C++ side of a block of elements. */
    readonly registerTensor: (id: number, elementCount: number, memoryOffset: number) => void;
    /** Makes the C++ side forget it, XNNPACK's packed copy included. */
    readonly disposeData: (id: number) => void;
  };
};

/** The parts of tfjs's wasm backend that its types leave out. The one place that knows them; 4.22.0 is pinned for it. */
export type WasmBackend = tf.KernelBackend & {
  readonly wasm: WasmModule;
  readonly dataIdMap: {
    /** Where a tensor's elements lie. */
    readonly get: (dataId: tf.DataId) => WasmData;
  };
  /** A new tensor with uninitialised elements. */
  readonly makeOutput: (shape: readonly number[], dtype: tf.DataType) => tf.TensorInfo;
  /** A view of a tensor's elements, good until the next allocation. */
  readonly typedArrayFromHeap: (tensor: tf.TensorInfo) => Float32Array | Int32Array | Uint8Array;
};

/**
 * The backend as a wasm backend, or undefined where it is another one.
 *
 * @example
 * ```ts
 * import { asWasmBackend, cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * asWasmBackend(tf.backend()); // => undefined
 * ```
 */
export function asWasmBackend(backend: tf.KernelBackend | undefined): WasmBackend | undefined {
  return backend !== undefined && "wasm" in backend && "dataIdMap" in backend ? (backend as WasmBackend) : undefined;
}

/** The backend that holds a tensor's elements, which need not be the active one. */
export function backendOf(tensor: tf.Tensor): tf.KernelBackend {
  const held = tf.engine().state.tensorInfo.get(tensor.dataId);
  if (held === undefined) throw new Error("The tensor is disposed.");
  return held.backend;
}
