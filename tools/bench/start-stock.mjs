import { register } from "node:module";
import { loadPeer, peerName } from "./peers/load.mjs";

/**
 * Stock tfjs on its wasm backend, one thread, no V8 flags, as npm brings it.
 *
 * @param {{ gradients?: boolean }} options gradients: with tfjs's own gradient functions
 * @returns {Promise<{ tf: any, name: string }>}
 */
export async function startStock({ gradients = false } = {}) {
  const tf = await loadPeer("@tensorflow/tfjs-core");
  await loadPeer("@tensorflow/tfjs-backend-wasm");
  if (gradients) {
    register("./stock-gradient-hooks.mjs", import.meta.url);
    const { warn } = console;
    console.warn = () => {}; // The modules find a platform already set by the bundle, and say so.
    await loadPeer("@tensorflow/tfjs-core/dist/register_all_gradients.js");
    console.warn = warn;
  }
  tf.env().set("PROD", true); // no banner
  await tf.setBackend("wasm");
  return { tf, name: peerName("@tensorflow/tfjs-backend-wasm") };
}
