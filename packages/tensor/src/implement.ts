import * as tf from "@tensorflow/tfjs-core";

/**
 * Makes `kernelFunc` the kernel of that name on that backend, in place of the one that may be there.
 *
 * A backend package calls it for each op it accelerates, before or after the op's first use. The kernel gets the op's inputs
 * (absent optional ones are left out) and attributes and returns new tensors: never an input itself.
 *
 * @example
 * ```ts
 * import { implement, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * implement("ExampleSeven", "cpu", ({ inputs }) => tf.fill(inputs.x!.shape, 7));
 * await startBackend("cpu");
 * const seven = tf.engine().runKernel("ExampleSeven", { x: tf.zeros([2]) }) as tf.Tensor;
 * seven.dataSync(); // => [7, 7]
 * ```
 */
export function implement(kernelName: string, backendName: string, kernelFunc: tf.KernelFunc): void {
  if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName); // tfjs warns of a second one
  tf.registerKernel({ kernelName, backendName, kernelFunc });
}
