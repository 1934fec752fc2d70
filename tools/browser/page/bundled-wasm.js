// A bundler gives each .wasm file an address of its own, so tfjs is told them by name.
import { wasm } from "@kindred/backend-wasm";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threadedSimd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";

/** The engine, in a page or in one of its workers. */
export const bundledWasm = () =>
  wasm({
    wasmPaths: {
      "tfjs-backend-wasm.wasm": plain,
      "tfjs-backend-wasm-simd.wasm": simd,
      "tfjs-backend-wasm-threaded-simd.wasm": threadedSimd,
    },
  });
