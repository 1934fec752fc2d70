// A step of AdamW over one large parameter, in place in WebAssembly memory, as the trainer makes it.
import { adamw, constantSchedule } from "@kindred/adamw";
import { wasmArrayKernels } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { childKey, keyFromSeed, normal } from "@kindred/random";

/** Bytes that a step must move for a parameter: weight, gradient and two moments read, weight and moments written, float32 each. */
const bytesOfParameter = 28;

/** @type {import("../contestant.mjs").Enter<{ parameters: number, flavour: "hf" | "torch" }>} */
export default async function enter({ parameters, flavour }) {
  enableRevectorization();
  const pages = Math.ceil((4 * 4 * parameters) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  let allocated = 0;
  const allocate = (/** @type {number} */ length) => {
    const array = new Float32Array(memory.buffer, allocated, length);
    allocated += array.byteLength;
    return array;
  };
  const random = (/** @type {string} */ name, /** @type {number} */ standardDeviation) => {
    const array = allocate(parameters);
    array.set(normal(childKey(keyFromSeed("adamw"), name), parameters, { standardDeviation }));
    return array;
  };
  const [parameter, gradient] = [random("weight", 0.02), random("gradient", 1e-3)];
  const slots = [allocate(parameters), allocate(parameters)];
  const kernels = await wasmArrayKernels(memory);
  const optimizer = adamw({ learningRate: constantSchedule({ learningRate: 1e-5 }), flavour });
  /** @type {import("@kindred/encoder").ParameterSpec} */
  const spec = { name: "weight", shape: [parameters], kind: "matrix" };
  let step = 0;
  return {
    name: "Kindred",
    // The gradient's norm, for clipping, is a pass of its own and no part of this measurement.
    measure: () => {
      const numbers = { numbers: optimizer.numbers(step++), clip: 1 };
      optimizer.updateArrays?.({ parameter, gradient, slots }, numbers, { spec, kernels });
      return (parameters * bytesOfParameter) / 1e9;
    },
  };
}
