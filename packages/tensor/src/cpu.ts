import * as tf from "@tensorflow/tfjs-core";
import { type DefinedEngine, defineEngine, type EngineParts } from "./define-engine.ts";

// Threads run what is built: Node 20 reads no TypeScript.
const moduleUrl = import.meta.url.replace(/src\/cpu\.ts$/, "dist/cpu.js");
const parts: EngineParts = { description: "tfjs cpu", backend: "cpu", running: {} };

/**
 * tfjs's plain JavaScript as an engine: slow, exact, everywhere. The reference for all others.
 *
 * @example
 * ```ts
 * import { cpu } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * tf.add(tf.tensor1d([1, 2]), 1).dataSync(); // => [2, 3]
 * ```
 */
export function cpu(): DefinedEngine {
  return defineEngine({
    name: "cpu",
    module: { url: moduleUrl },
    load: async () => {
      await import("@tensorflow/tfjs-backend-cpu");
      if (tf.engine().registry["cpu"] === undefined) await tf.setBackend("cpu");
      return parts;
    },
  });
}

export default cpu;
