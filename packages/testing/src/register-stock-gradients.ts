import * as tf from "@tensorflow/tfjs-core";
import { elementwiseGradients } from "./stock-gradients/elementwise.ts";
import { structuralGradients } from "./stock-gradients/structural.ts";

/**
 * Registers gradients for the stock kernels that composites are made of, where none is registered yet, so that a composite recorded
 * straight on the tape can be differentiated.
 *
 * tfjs-core registers none, and its own can't be imported in Node. These are the independent reference for hand-written gradients:
 * plain, slow, first order; gathers along axis 0; a condition computed from a tensor on the tape has no gradient.
 */
export function registerStockGradients(): void {
  for (const [kernelName, rule] of Object.entries({ ...elementwiseGradients, ...structuralGradients })) {
    if (tf.getGradient(kernelName)) continue;
    tf.registerGradient({
      kernelName,
      ...(rule.saveList ? { saveAllInputs: true } : { inputsToSave: [...(rule.save ?? [])] }),
      outputsToSave: rule.saveOutput ? [true] : [],
      gradFunc: rule.gradient as tf.GradFunc,
    });
  }
}
