import * as tf from "@tensorflow/tfjs-core";

/** The gradient of a stock kernel: what it needs saved, and the gradient of each input from that of the output. */
export type StockRule = {
  readonly save?: readonly string[];
  /** The inputs are a list (keyed by number) and all are saved. */
  readonly saveList?: true;
  readonly saveOutput?: true;
  readonly gradient: (
    // biome-ignore lint/suspicious/noExplicitAny: one tensor, or several for kernels with several outputs
    dy: any,
    saved: tf.Tensor[],
    // biome-ignore lint/suspicious/noExplicitAny: every kernel has attributes of its own
    attributes: any,
  ) => { readonly [input: string]: () => tf.Tensor };
};

/** dy, summed over the axes along which a tensor of `shape` was broadcast, in that shape. */
export function unbroadcast(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.backend_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}
