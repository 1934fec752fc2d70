import { replaceKernel } from "./implement.ts";
import type { WasmBackend } from "./wasm-backend.ts";

/**
 * Lets wasm's `Identity` kernel share its input's memory, as on `cpu`. tfjs's own copies it, and the tape saves through it:
 * every tensor saved for a gradient, weights included, would be in memory twice.
 */
export function shareIdentity(): void {
  replaceKernel("Identity", "wasm", ({ inputs, backend }) => {
    const { dataId, shape, dtype } = inputs["x"]!;
    (backend as WasmBackend).incRef(dataId);
    return { dataId, shape, dtype };
  });
}
