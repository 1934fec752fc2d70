import * as tf from "@tensorflow/tfjs-core";

/** One recorded op: its inputs by name, its outputs, the tensors saved for its gradient, and the gradient. */
export type TapeNode = {
  readonly kernelName: string;
  readonly inputs: { readonly [name: string]: tf.Tensor | undefined };
  readonly outputs: readonly tf.Tensor[];
  readonly saved?: readonly tf.Tensor[];
  readonly gradient?: (dys: (tf.Tensor | undefined)[]) => { readonly [input: string]: (() => tf.Tensor) | undefined };
};

/**
 * The value of `f`, and the ops that it ran, in order. Temporaries of f are freed; what the gradients need is kept in the nodes'
 * `saved`, which the caller disposes. A throw of f leaves nothing behind.
 *
 * A recording that goes on around it (or the op that it is called in) is set aside and goes on afterwards, without these ops.
 */
export function recordTape<Value extends tf.Tensor>(f: () => Value): { value: Value; tape: TapeNode[] } {
  const { state } = tf.engine();
  const outside = { activeTape: state.activeTape, gradientDepth: state.gradientDepth, kernelDepth: state.kernelDepth };
  const recorded: typeof state.activeTape = [];
  Object.assign(state, { activeTape: recorded, gradientDepth: 1, kernelDepth: 0 });
  const tape = recorded as unknown as TapeNode[];
  try {
    return { value: tf.tidy(f), tape };
  } catch (error) {
    disposeSaved(tape);
    throw error;
  } finally {
    Object.assign(state, outside);
  }
}

/** Frees what nodes keep for their gradients. */
export function disposeSaved(nodes: Iterable<TapeNode>): void {
  for (const { saved } of nodes) for (const tensor of saved ?? []) tensor.dispose();
}
