import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";

/**
 * Starts Kindred's kernels in this process.
 *
 * @param {{ variant?: "auto" | "simd" | "relaxed" | undefined }} options "auto": with V8's 256-bit pairing, as in Kindred's own
 * commands; the others: 128 bits, without any flag
 * @returns {Promise<string>} a name for the table
 */
export async function startKindred({ variant = "auto" } = {}) {
  const flag = variant === "auto" ? { revectorization: enableRevectorization() } : {};
  const engine = await wasm({ variant, ...flag }).start();
  return `Kindred, ${engine.variant}`;
}
