import { ConfigError } from "@kindred/errors";
import type { HostData } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import type { RecordedKernel } from "./call-trie.ts";
import type { FixedValues } from "./fixed-values.ts";
import { useRules } from "./implement-rule.ts";
import type { CallInputs } from "./operands.ts";
import { stockKernels } from "./stock/stock-kernels.ts";
import { refusedKernels } from "./stock/refused-kernels.ts";
import type { XlaBackend } from "./xla-backend.ts";

/**
 * Registers all kernels of a backend: tfjs's own, those of ops that have rules, and refusals of what can't be recorded. What it returns ends
 * the watch for rules that are added.
 */
export function registerKernels(backendName: string, backend: XlaBackend): () => void {
  const { recorder } = backend;
  const register = (kernelName: string, kernelFunc: tf.KernelFunc) => {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({ kernelName, backendName, kernelFunc });
  };
  for (const { name, fixed, operands = [], emit } of stockKernels) {
    const kernel: RecordedKernel = { name, operands, left: new Set(operands), emit };
    const fixedOf = fixed ?? ((attributes: FixedValues) => attributes);
    register(name, ({ inputs, attrs }) => {
      const given = inputs as CallInputs; // of lists too: their names are numbers
      return recorder.call({
        kernel,
        inputs: given,
        data: noData,
        fixed: fixedOf((attrs ?? {}) as FixedValues, given),
      });
    });
  }
  for (const [name, shapeOf] of Object.entries(sharing)) {
    register(name, ({ inputs, attrs }) => {
      const [x] = Object.values(inputs);
      if (x === undefined || Array.isArray(x)) throw new Error(`${name} takes one tensor.`);
      return backend.share(x, shapeOf(x.shape, attrs as never)); // the attributes of this kernel
    });
  }
  for (const [name, instead] of Object.entries(refusedKernels)) {
    register(name, () => {
      throw new ConfigError(
        `${name}: XLA's engine can't record this op of tfjs. Got a call of it, expected others. ${instead}`,
        { kernel: name },
      );
    });
  }
  return useRules((name, { emit, perDevice, operands }) => {
    const kernel: RecordedKernel = { name, operands, left: new Set([...perDevice, ...operands]), emit };
    register(name, ({ inputs, attrs }) => {
      const { data, fixed } = attrs as unknown as { readonly data: HostData; readonly fixed: FixedValues }; // as `defineOp` calls kernels
      return recorder.call({ kernel, inputs: inputs as CallInputs, data, fixed });
    });
  });
}

const noData: HostData = {};

/** Kernels that move no element: the result is the same under a shape. */
const sharing: { readonly [name: string]: (shape: number[], attributes: never) => number[] } = {
  Identity: (shape) => shape,
  Reshape: (shape, { shape: wanted }: { shape: number[] }) =>
    tf.util.inferFromImplicitShape(wanted, tf.util.sizeFromShape(shape)),
  ExpandDims: (shape, { dim }: { dim: number }) => {
    const expanded = [...shape];
    expanded.splice(dim < 0 ? shape.length + dim + 1 : dim, 0, 1);
    return expanded;
  },
};
