/** How often `look` is called at most: seldom enough to cost nothing, often enough that nobody notices the wait. */
const everyMs = 2;

let look: (() => void) | undefined;
let nextLook = 0;

/**
 * What `run()` gives, with a look up from the work before some of its ops, every few milliseconds: to see whether something more urgent came,
 * and to do it here and now, or to throw.
 *
 * `run` is synchronous. `look` may run ops, also by another `betweenOps`, and what it throws ends `run`.
 *
 * @example
 * ```ts
 * import { wasm } from "@kindred/backend-wasm";
 * import { sum } from "@kindred/nn";
 * import { betweenOps } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await wasm().start();
 * const looks: string[] = [];
 * const total = betweenOps(() => looks.push("urgent?"), () => sum(tf.tensor1d([1, 2])));
 * total.dataSync(); // => [3]
 * looks; // => ["urgent?"]
 * ```
 */
export function betweenOps<Result>(lookUp: () => void, run: () => Result): Result {
  const former = look;
  look = lookUp;
  nextLook = 0;
  try {
    return run();
  } finally {
    look = former;
  }
}

/** Called before every op. */
export function lookBetweenOps(): void {
  if (look === undefined || performance.now() < nextLook) return;
  const lookUp = look;
  look = undefined; // ops that it runs are no reason to look again
  try {
    lookUp();
  } finally {
    look = lookUp;
    nextLook = performance.now() + everyMs;
  }
}
