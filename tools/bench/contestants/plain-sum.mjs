// The sum of an array by a kernel of our own, which does nothing but read it: what memory gives one thread.
import { fileURLToPath } from "node:url";
import { compileKernels } from "../../kernels/compile-kernels.mjs";
import { noise } from "../inputs/noise.mjs";

/** @type {import("../contestant.mjs").Enter<{ count: number }>} */
export default async function enter({ count }) {
  const pages = Math.ceil((4 * count) / 65_536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const assembly = fileURLToPath(new URL("../assembly", import.meta.url));
  const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (await compileKernels({ assembly, features: ["simd"] }));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const { sum } = /** @type {{ sum: (at: number, count: number) => number }} */ (
    /** @type {unknown} */ (instance.exports)
  );
  const numbers = new Float32Array(memory.buffer, 0, count);
  for (let at = 0; at < count; at += 2 ** 20) numbers.set(noise(Math.min(2 ** 20, count - at), at), at);
  return {
    name: "a plain sum",
    measure: () => {
      sum(0, count);
      return (4 * count) / 1e9;
    },
  };
}
