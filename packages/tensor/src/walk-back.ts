import * as tf from "@tensorflow/tfjs-core";
import { nodesBetween, type PathNode } from "./nodes-between.ts";
import { disposeSaved, type TapeNode } from "./record-tape.ts";
import type { RowGradient, RowGradientClosure } from "./row-gradient.ts";

/** Who gets the gradients of sources. */
export type GradientReceiver = {
  /** Gets a source's gradient when no node is left that uses the source, and owns it from then on. */
  readonly onFinal: (source: tf.Tensor, gradient: tf.Tensor) => void;
  /** Gets the part of a source's gradient that an op can tell row by row, instead of `onFinal`. Its tensor is not the receiver's. */
  readonly onRows?: ((source: tf.Tensor, gradient: RowGradient) => void) | undefined;
};

/**
 * Walks a tape back from `value`, whose gradient is `upstream`, and hands over the gradient of each of `sources` that it depends
 * on as soon as no node is left that uses the source.
 *
 * Each gradient and each saved tensor is freed when its last reader is done, unlike in tfjs, which keeps all to the end. All that
 * the tape saved is freed when this returns or throws.
 */
export function walkBack(
  tape: readonly TapeNode[],
  { value, upstream, sources }: { value: tf.Tensor; upstream: tf.Tensor; sources: ReadonlySet<tf.Tensor> },
  { onFinal, onRows }: GradientReceiver,
): void {
  const path = nodesBetween(tape, sources, value);
  const gradients = new Map<number, tf.Tensor>(); // by tensor id; owned here
  const usesLeft = new Map<tf.Tensor, number>(Array.from(sources, (source) => [source, 0]));
  const usedSources = ({ inputs }: PathNode) =>
    inputs.map(([, tensor]) => tensor).filter((input) => usesLeft.has(input));
  for (const source of path.flatMap(usedSources)) usesLeft.set(source, usesLeft.get(source)! + 1);
  const take = (id: number) => {
    const gradient = gradients.get(id);
    gradients.delete(id);
    return gradient;
  };
  const handOver = (source: tf.Tensor) => {
    const gradient = usesLeft.get(source) === 0 ? take(source.id) : undefined;
    if (gradient) onFinal(source, gradient);
  };
  const takeRows = (input: tf.Tensor, rows: RowGradient | undefined) => {
    if (onRows === undefined || rows === undefined || !usesLeft.has(input)) return false;
    onRows(input, rows);
    return true;
  };
  try {
    const onPath = new Set(path.map(({ node }) => node));
    disposeSaved(tape.filter((node) => !onPath.has(node)));
    gradients.set(value.id, tf.clone(upstream));
    if (usesLeft.has(value)) handOver(value);
    for (let step = path.pop(); step; step = path.pop()) {
      const { node } = step;
      const dys = node.outputs.map(({ id }) => take(id));
      try {
        if (dys.some((dy) => dy)) {
          for (const [input, dx] of gradientsOfInputs(step, dys, takeRows)) addTo(gradients, input.id, dx);
        }
      } finally {
        tf.dispose(dys.filter((dy) => dy !== undefined));
        disposeSaved([node]);
      }
      for (const source of usedSources(step)) {
        usesLeft.set(source, usesLeft.get(source)! - 1);
        handOver(source);
      }
    }
  } finally {
    disposeSaved(tape);
    tf.dispose([...gradients.values()]);
  }
}

/** The gradients of a node's inputs but for those whose rows were taken, new tensors all. Whatever else its gradient function made is freed. */
function gradientsOfInputs(
  { node, inputs }: PathNode,
  dys: (tf.Tensor | undefined)[],
  takeRows: (input: tf.Tensor, rows: RowGradient | undefined) => boolean,
): (readonly [input: tf.Tensor, gradient: tf.Tensor])[] {
  const { gradient, kernelName } = node;
  if (gradient === undefined) throw new Error(`valueAndGradients: no gradient is registered for ${kernelName}.`);
  const results: (readonly [tf.Tensor, tf.Tensor])[] = [];
  tf.tidy(() => {
    const scope = tf.engine().state.activeScope.id;
    const closures = gradient(dys);
    for (const [name, input] of inputs) {
      const closure = closures[name];
      if (closure === undefined)
        throw new Error(`valueAndGradients: ${kernelName} has no gradient for its input ${name}.`);
      if (takeRows(input, (closure as Partial<RowGradientClosure>).byRows)) continue;
      const dx = tf.tidy(closure);
      if (dx.dtype !== "float32" || !tf.util.arraysEqual(dx.shape, input.shape)) {
        throw new Error(
          `valueAndGradients: the gradient of ${kernelName}'s input ${name} does not fit. ` +
            `Got ${dx.dtype} [${dx.shape.join(", ")}], expected float32 [${input.shape.join(", ")}].`,
        );
      }
      // A gradient may be dy itself, a saved tensor, or one tensor for two inputs: only what was made here is ours to free.
      const own = dx.scopeId === scope && !dx.kept && !results.some(([, result]) => result === dx);
      results.push([input, own ? dx : tf.clone(dx)]);
    }
    return results.map(([, result]) => result);
  });
  return results;
}

function addTo(gradients: Map<number, tf.Tensor>, id: number, dx: tf.Tensor): void {
  const sum = gradients.get(id);
  gradients.set(id, sum ? tf.add(sum, dx) : dx);
  if (sum) tf.dispose([sum, dx]);
}
