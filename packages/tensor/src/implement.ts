import * as tf from "@tensorflow/tfjs-core";
import type { DefinedOp, Fixed, HostData, OpInputs, OpResult } from "./define-op.ts";

/** What a kernel returns for an op's result: tensors, or what an engine has of tensors in the making. */
export type KernelResult<Result extends OpResult> = Result extends readonly tf.Tensor[]
  ? { readonly [Index in keyof Result]: tf.TensorInfo }
  : tf.TensorInfo;

/**
 * Makes `kernel` the op's kernel on that tfjs backend, in place of the composite or of another one, until the returned function gives
 * the former one back.
 *
 * An engine calls it for each op it accelerates, before or after the op's first use. The kernel gets what the op's composite gets
 * (absent optional inputs are left out) and returns new tensors: never an input itself. One made of tfjs ops frees what it makes in
 * between by a `tf.tidy` of its own.
 *
 * @example
 * ```ts
 * import { cpu, defineOp, type Float, implement, type None } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const double = defineOp<{ x: Float }, None, None, Float>({ name: "ExampleDouble", check: () => {}, composite: ({ x }) => tf.mul(x, 2) });
 * await cpu().start();
 * const giveBack = implement(double, "cpu", ({ x }) => tf.add(x, x));
 * double({ x: tf.tensor1d([1, 2]) }, {}, {}).dataSync(); // => [2, 4]
 * giveBack(); // to the composite
 * ```
 */
export function implement<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Result extends OpResult,
>(
  { op: { name } }: DefinedOp<Inputs, Data, Constants, Result>,
  backendName: string,
  kernel: (inputs: Inputs, data: Data, fixed: Constants) => KernelResult<Result>,
): () => void {
  return replaceKernel(name, backendName, ({ inputs, attrs }) => {
    const { data, fixed } = attrs as unknown as OpAttributes<Data, Constants>;
    return kernel(inputs as unknown as Inputs, data, fixed) as tf.TensorInfo | tf.TensorInfo[];
  });
}

/** How an op's data and constants go through tfjs: by reference. */
export type OpAttributes<Data, Constants> = { readonly data: Data; readonly fixed: Constants };

/**
 * Makes `kernelFunc` tfjs's kernel of that name on that backend, until the returned function gives the former one back. What tfjs sets up
 * for the former stays: the new one may call it.
 */
export function replaceKernel(kernelName: string, backendName: string, kernelFunc: tf.KernelFunc): () => void {
  const former: tf.KernelConfig | undefined = tf.getKernel(kernelName, backendName);
  const put = (config: tf.KernelConfig | undefined) => {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName); // tfjs warns of a second one
    if (config !== undefined) tf.registerKernel(config);
  };
  put({ ...former, kernelName, backendName, kernelFunc });
  return () => put(former);
}
