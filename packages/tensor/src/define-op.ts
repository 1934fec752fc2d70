import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { implement } from "./implement.ts";

/** The tensors an op takes, by name. An optional one may be undefined. */
export type OpInputs = { readonly [name: string]: tf.Tensor | undefined };

/** What an op returns: one tensor, or several in a fixed order. */
export type OpResult = tf.Tensor | tf.Tensor[];

/** An op: a name, a shape rule, a meaning in plain tfjs ops, and a gradient. Backends replace the kernel, never the rest. */
export type Op<Inputs extends OpInputs, Attributes extends object, Result extends OpResult> = {
  /** The tfjs kernel name, `Kindred…`. */
  readonly name: string;
  /** Throws a ShapeError on wrong shapes, element types or attributes, and on empty tensors. */
  readonly check: (inputs: Inputs, attributes: Attributes) => void;
  /** The meaning of the op, in plain tfjs ops that have gradients. Runs as the kernel where a backend has no better one. */
  readonly composite: (inputs: Inputs, attributes: Attributes) => Result;
  /** The inputs that the gradient needs, in the order in which it gets them. Only inputs that are always given. */
  readonly save?: readonly (keyof Inputs & string)[];
  /** Which of the outputs the gradient needs, in order. */
  readonly saveOutputs?: readonly boolean[];
  /**
   * The gradient of each differentiable input as a closure, from the gradient of the result (an array for several results).
   *
   * `saved` is the inputs in `save`, then the outputs in `saveOutputs`. Closures run only for inputs that lead to a parameter,
   * each in a `tidy` of its own, so what several share must be computed in the gradient function itself. It may return `dy`.
   */
  readonly gradient?: (
    dy: Result,
    saved: tf.Tensor[],
    attributes: Attributes,
  ) => { readonly [Name in keyof Inputs]?: () => tf.Tensor };
};

/** A defined op: call it, or look at what it is made of under `op`. */
export type DefinedOp<Inputs extends OpInputs, Attributes extends object, Result extends OpResult> = {
  (inputs: Inputs, attributes: Attributes): Result;
  readonly op: Op<Inputs, Attributes, Result>;
};

/**
 * A function that runs the op: checks, then calls the active backend's kernel of that name, one node on the tape.
 *
 * Where the backend has no such kernel, the composite is registered as it at the first use, so the tape has the same nodes and
 * the op's own gradient runs on every backend. Defining registers nothing; defining one op twice (two copies of a package in one
 * process) is harmless. Attributes reach kernel and gradient by reference: frozen objects may be passed.
 *
 * The returned function throws what `check` throws, and ConfigError when no backend was started.
 *
 * @example
 * ```ts
 * import { defineOp, type Float, startBackend } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const cube = defineOp<{ x: Float }, object, Float>({
 *   name: "ExampleCube",
 *   check: () => {},
 *   composite: ({ x }) => tf.mul(tf.square(x), x),
 *   save: ["x"],
 *   gradient: (dy, [x]) => ({ x: () => tf.mul(tf.mul(dy, 3), tf.square(x!)) }),
 * });
 * await startBackend("wasm");
 * cube({ x: tf.tensor1d([1, 2, 3]) }, {}).dataSync(); // => [1, 8, 27]
 * ```
 */
export function defineOp<Inputs extends OpInputs, Attributes extends object, Result extends OpResult>(
  op: Op<Inputs, Attributes, Result>,
): DefinedOp<Inputs, Attributes, Result> {
  const run = (inputs: Inputs, attributes: Attributes): Result => {
    op.check(inputs, attributes);
    register(op);
    // An input that is there but undefined breaks tfjs's backward pass: leave it out.
    const given = Object.fromEntries(Object.entries(inputs).filter(([, input]) => input)) as tf.NamedTensorMap;
    return tf.engine().runKernel(op.name, given, attributes as tf.NamedAttrMap) as Result;
  };
  return Object.assign(run, { op });
}

function register<Inputs extends OpInputs, Attributes extends object, Result extends OpResult>(
  op: Op<Inputs, Attributes, Result>,
): void {
  const backendName: string | null = tf.getBackend();
  if (!backendName) {
    throw new ConfigError(
      `${op.name}: no backend is active. Got none, expected wasm or cpu. Await startBackend first.`,
    );
  }
  if (op.gradient && !tf.getGradient(op.name)) {
    tf.registerGradient({
      kernelName: op.name,
      inputsToSave: [...(op.save ?? [])],
      outputsToSave: [...(op.saveOutputs ?? [])],
      gradFunc: op.gradient as unknown as tf.GradFunc,
    });
  }
  if (!tf.getKernel(op.name, backendName)) {
    implement(op.name, backendName, ({ inputs, attrs }) => {
      // Only a tidy frees a composite's intermediates.
      return tf.tidy(() => fresh(op.composite(inputs as unknown as Inputs, attrs as unknown as Attributes), inputs));
    });
  }
}

/** The results of a composite, cloned where one is an input or comes twice: the tape would count its gradient double. */
function fresh(results: OpResult, inputs: tf.NamedTensorInfoMap): OpResult {
  const taken = new Set<unknown>(Object.values(inputs));
  const own = (result: tf.Tensor) => {
    const owned = taken.has(result) ? tf.clone(result) : result;
    taken.add(owned);
    return owned;
  };
  return Array.isArray(results) ? results.map(own) : own(results);
}
