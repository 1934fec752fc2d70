import type { WasmBackend } from "@kindred/tensor";
import { instantiateKernels } from "./instantiate-kernels.ts";
import { modelInMiniature } from "./model-in-miniature.ts";
import { replaceKernels } from "./kernels.ts";

// Loops long enough that V8 sets out to optimise each function within a call or two.
const large = { tokens: 160, hidden: 256, heads: 4 };
// So short that the twin's functions stay as V8 compiles them first; of full tiles, edges, and rows of odd lengths.
const small = { tokens: 23, hidden: 88, heads: 8 };
const rounds = 3; // the second runs optimised code mostly, the third entirely

/**
 * Whether the module gives the same bits in V8's optimised code, where instructions may be paired to 256 bits, as in its first code,
 * where they never are: loss and gradients of a model in miniature.
 *
 * The first code is that of a twin, since a module's own is replaced for good, in all threads, as soon as it runs hot.
 */
export async function pairsCorrectly(
  memory: WebAssembly.Memory,
  backend: WasmBackend,
  instantiate = instantiateKernels,
): Promise<boolean> {
  const run = async (twin: boolean, sizes: typeof small) => {
    const stop = replaceKernels(await instantiate("wide", memory, { twin }), backend);
    try {
      return modelInMiniature(sizes);
    } finally {
      stop();
    }
  };
  const expected = await run(true, small);
  for (let round = 0; round < rounds; round++) {
    await run(false, large);
    await new Promise((resolve) => setTimeout(resolve, 5)); // for V8's compiler threads
  }
  const actual = await run(false, small);
  return [...expected].every(([name, values]) => sameBits(values, actual.get(name)));
}

function sameBits(a: Float32Array, b: Float32Array | undefined): boolean {
  return a.length === b?.length && a.every((value, i) => Object.is(value, b[i]));
}
