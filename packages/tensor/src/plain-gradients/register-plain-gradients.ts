import * as tf from "@tensorflow/tfjs-core";
import { elementwiseGradients } from "./elementwise.ts";
import { movementGradients } from "./movements.ts";
import { reductionGradients } from "./reductions.ts";

/**
 * Gives tfjs's kernels their gradients, where none is registered: tfjs-core brings none, and its own can't be imported in Node.
 *
 * tfjs looks for them as an op runs, so they must be there before.
 */
export function registerPlainGradients(): void {
  for (const rules of [elementwiseGradients, reductionGradients, movementGradients]) {
    for (const [kernelName, rule] of Object.entries(rules)) {
      if (!tf.getGradient(kernelName)) tf.registerGradient({ kernelName, ...rule });
    }
  }
}
