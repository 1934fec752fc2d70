import v8 from "node:v8";
import { relaxedSimdWorks } from "@kindred/side-module";
import type { Revectorization } from "../choose-kernels.ts";

/**
 * Switches on V8's pairing of 128-bit WebAssembly instructions to 256 bits on machines with AVX2: 1.9 times
 * the speed of a product (docs/benchmarks.md, `product` beside `product-128`).
 *
 * Call it in the main thread, before anything is compiled, and hand the result to `wasm`. The flag is V8's
 * `--experimental-wasm-revectorize`: experimental, and process-wide, so all WebAssembly in all threads is compiled with it.
 * Node 20 has no use of it: nothing happens there.
 *
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { enableRevectorization } from "@kindred/backend-wasm/node";
 *
 * const revectorization = enableRevectorization();
 * await wasm({ revectorization }).start();
 * ```
 */
export function enableRevectorization(): Revectorization {
  // Threads run what is built: Node 20 reads no TypeScript.
  const module = import.meta.url.replace(
    /src\/node\/enable-revectorization\.ts$/,
    "dist/node/enable-revectorization.js",
  );
  if (!relaxedSimdWorks()) return { module, disable: () => {} }; // Node 20's V8 complains of the flag
  v8.setFlagsFromString("--experimental-wasm-revectorize");
  return { module, disable: () => v8.setFlagsFromString("--no-experimental-wasm-revectorize") };
}

export default enableRevectorization;
