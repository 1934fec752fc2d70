import { ConfigError, ShapeError } from "@kindred/errors";
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
  for (const source of path.flatMap(usedSources)) usesLeft.set(source, (usesLeft.get(source) ?? 0) + 1);
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
        if (dys.some((dy) => dy)) addAll(gradients, gradientsOfInputs(step, dys, takeRows));
      } finally {
        tf.dispose(dys.filter((dy) => dy !== undefined));
        disposeSaved([node]);
      }
      for (const source of usedSources(step)) {
        usesLeft.set(source, (usesLeft.get(source) ?? 1) - 1);
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
  if (gradient === undefined) throw withoutGradient(kernelName);
  const results: (readonly [tf.Tensor, tf.Tensor])[] = [];
  tf.tidy(() => {
    const scope = tf.engine().state.activeScope.id;
    const closures = gradient(dys);
    for (const [name, input] of inputs) {
      const closure = closures[name];
      if (closure === undefined) throw withoutGradient(kernelName, name);
      if (takeRows(input, (closure as Partial<RowGradientClosure>).byRows)) continue;
      const dx = tf.tidy(closure);
      if (dx.dtype !== "float32" || !tf.util.arraysEqual(dx.shape, input.shape)) {
        throw new ShapeError(
          `valueAndGradients: the gradient of ${kernelName}'s input ${name} does not fit. ` +
            `Got ${dx.dtype} [${dx.shape.join(", ")}], expected float32 [${input.shape.join(", ")}]. Mend the op's gradient.`,
          { op: kernelName, input: name, gradient: dx.shape, expected: input.shape },
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

/** What to write in the place of tfjs kernels that have no gradient. */
const instead: { readonly [kernel: string]: string } = {
  Einsum: "Write it with tf.matMul, tf.mul and tf.sum",
  Cumprod: "Of positive numbers it is tf.exp(tf.cumsum(tf.log(x)))",
  SparseToDense: "Use tf.scatterND, whose updates have a gradient",
  TensorScatterUpdate: "Use tf.where with a mask, or tf.scatterND, whose updates have a gradient",
  _FusedMatMul: "Use tf.matMul, and the bias and the activation after it",
};

function withoutGradient(kernelName: string, input?: string): ConfigError {
  const what = input === undefined ? kernelName : `${kernelName} for its input ${input}`;
  return new ConfigError(
    `valueAndGradients: an op has no gradient. Got ${what} between a parameter and the value, expected ops of @kindred/nn, or those ` +
      `of tfjs that have one. ${instead[kernelName] ?? "Write it with others"}, wrap it in tf.customGrad, or define an op by defineOp.`,
    { op: kernelName },
  );
}

/** Adds gradients up by their inputs' ids, in `gradients`, which owns them from then on. None is left when there is no room for a sum. */
function addAll(gradients: Map<number, tf.Tensor>, found: ReturnType<typeof gradientsOfInputs>): void {
  try {
    for (const [{ id }, dx] of found) {
      const sum = gradients.get(id);
      gradients.set(id, sum ? tf.add(sum, dx) : dx);
      if (sum) tf.dispose([sum, dx]);
    }
  } catch (error) {
    tf.dispose(found.map(([, dx]) => dx));
    throw error;
  }
}
