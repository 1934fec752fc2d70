import { ConfigError } from "@kindred/errors";
import * as tf from "@tensorflow/tfjs-core";
import { lookBetweenOps } from "./between-ops.ts";
import { type OpAttributes, replaceKernel } from "./implement.ts";

/** The tensors an op takes, by name. An optional one may be undefined. */
export type OpInputs = { readonly [name: string]: tf.Tensor | undefined };

/** What an op returns: one tensor, or several in a fixed order. */
export type OpResult = tf.Tensor | tf.Tensor[];

/** Numbers in JavaScript's memory. */
export type HostArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

/**
 * What changes with each batch and is no tensor: ids, labels, weights of pooling, keys, where sentences start. Engines that run op by op
 * read it; one that records a program makes operands of it. By reference: not to be written before the backward pass is over.
 */
export type HostData = { readonly [name: string]: HostArray | readonly HostArray[] | undefined };

/** A plain value: two that say the same are the same. */
export type FixedValue =
  | string
  | number
  | boolean
  | undefined
  | readonly FixedValue[]
  | { readonly [name: string]: FixedValue };

/** What a program may be specialised on: heads, epsilon, a rate, sizes, a core's place. Another value is another program. */
export type Fixed = { readonly [name: string]: FixedValue };

/** No data, or nothing fixed: `{}`. */
export type None = { readonly [name: string]: never };

/** The tensors that a gradient gets by name: the inputs in `save`, and with `saveResult` the result. What was not saved is not there. */
export type Saved<Inputs extends OpInputs, Result extends OpResult> = {
  readonly [Name in keyof Inputs]-?: NonNullable<Inputs[Name]>;
} & { readonly result: Result };

/** An op: a name, a shape rule, a meaning in plain tfjs ops, and a gradient. Engines replace the kernel, never the rest. */
export type Op<Inputs extends OpInputs, Data extends HostData, Constants extends Fixed, Result extends OpResult> = {
  /** The tfjs kernel name, `Kindred…`. */
  readonly name: string;
  /** Throws a ShapeError on wrong shapes, element types, data or constants, and on empty tensors. */
  readonly check: (inputs: Inputs, data: Data, fixed: Constants) => void;
  /** The meaning of the op, in plain tfjs ops that have gradients. Runs as the kernel where an engine has no better one. */
  readonly composite: (inputs: Inputs, data: Data, fixed: Constants) => Result;
  /**
   * Forms of the composite that were tuned for one of tfjs's own backends, by its name. They run there in its place, free what they make
   * in between, and give way to kernels that an engine implements.
   */
  readonly kernels?: {
    /** Gives what the composite gives. */
    readonly [backendName: string]: (inputs: Inputs, data: Data, fixed: Constants) => Result;
  };
  /** The inputs that the gradient needs. Only inputs that are always given, and none by the name of `result`. */
  readonly save?: readonly (keyof Inputs & string)[];
  /** Whether the gradient needs the result. Default false. */
  readonly saveResult?: boolean;
  /**
   * The gradient of each differentiable input as a closure, from the gradient of the result (an array for several results).
   *
   * Closures run only for inputs that lead to a parameter, each in a `tidy` of its own, so what several share must be computed in the
   * gradient function itself. It may return `dy`.
   */
  readonly gradient?: (
    dy: Result,
    saved: Saved<Inputs, Result>,
    data: Data,
    fixed: Constants,
  ) => { readonly [Name in keyof Inputs]?: () => tf.Tensor };
};

/** A defined op: call it, or look at what it is made of under `op`. */
export type DefinedOp<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Result extends OpResult,
> = {
  (inputs: Inputs, data: Data, fixed: Constants): Result;
  readonly op: Op<Inputs, Data, Constants, Result>;
};

/**
 * A function that runs the op: checks, then calls the active backend's kernel of that name, one node on the tape.
 *
 * Where the backend has no such kernel, the composite is registered as it at the first use, so the tape has the same nodes and
 * the op's own gradient runs on every backend. Defining registers nothing; defining one op twice (two copies of a package in one
 * process) is harmless. Data and constants reach kernel and gradient by reference: frozen objects may be passed.
 *
 * The returned function throws what `check` throws, and ConfigError when no engine was started.
 *
 * @example
 * ```ts
 * import { cpu, defineOp, type Float, type None } from "@kindred/tensor";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const power = defineOp<{ x: Float }, None, { exponent: number }, Float>({
 *   name: "ExamplePower",
 *   check: () => {},
 *   composite: ({ x }, _, { exponent }) => tf.pow(x, exponent),
 *   save: ["x"],
 *   gradient: (dy, { x }, _, { exponent }) => ({ x: () => tf.mul(tf.mul(dy, exponent), tf.pow(x, exponent - 1)) }),
 * });
 * await cpu().start();
 * power({ x: tf.tensor1d([1, 2, 3]) }, {}, { exponent: 3 }).dataSync(); // => [1, 8, 27]
 * ```
 */
export function defineOp<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Result extends OpResult,
>(op: Op<Inputs, Data, Constants, Result>): DefinedOp<Inputs, Data, Constants, Result> {
  const run = (inputs: Inputs, data: Data, fixed: Constants): Result => {
    lookBetweenOps();
    op.check(inputs, data, fixed);
    register(op);
    // An input that is there but undefined breaks tfjs's backward pass: leave it out.
    const given = Object.fromEntries(Object.entries(inputs).filter(([, input]) => input)) as tf.NamedTensorMap;
    const attributes: OpAttributes<Data, Constants> = { data, fixed };
    return tf.engine().runKernel(op.name, given, attributes as unknown as tf.NamedAttrMap) as unknown as Result;
  };
  return Object.assign(run, { op });
}

function register<Inputs extends OpInputs, Data extends HostData, Constants extends Fixed, Result extends OpResult>(
  op: Op<Inputs, Data, Constants, Result>,
): void {
  const backendName: string | null = tf.getBackend();
  if (!backendName) {
    throw new ConfigError(
      `${op.name}: no engine runs. Got none, expected one that was started. Await an engine's start() first.`,
    );
  }
  if (op.gradient && !tf.getGradient(op.name)) tf.registerGradient(gradientConfig(op, op.gradient));
  if (!tf.getKernel(op.name, backendName)) {
    replaceKernel(op.name, backendName, ({ inputs, attrs }) => {
      const { data, fixed } = attrs as unknown as OpAttributes<Data, Constants>;
      const tuned = op.kernels?.[backendName];
      if (tuned !== undefined) return tuned(inputs as unknown as Inputs, data, fixed);
      // Only a tidy frees a composite's intermediates.
      return tf.tidy(() => fresh(op.composite(inputs as unknown as Inputs, data, fixed), inputs));
    });
  }
}

function gradientConfig<
  Inputs extends OpInputs,
  Data extends HostData,
  Constants extends Fixed,
  Result extends OpResult,
>(
  { name, save = [], saveResult = false }: Op<Inputs, Data, Constants, Result>,
  gradient: NonNullable<Op<Inputs, Data, Constants, Result>["gradient"]>,
): tf.GradConfig {
  return {
    kernelName: name,
    inputsToSave: [...save],
    saveAllInputs: false,
    // tfjs drops from the outputs what has no flag: as many flags as an op may have results.
    outputsToSave: saveResult ? new Array<boolean>(8).fill(true) : [],
    gradFunc: (dy, tensors, attrs) => {
      const { data, fixed } = attrs as unknown as OpAttributes<Data, Constants>;
      const results = tensors.slice(save.length);
      const saved = {
        ...Object.fromEntries(save.map((input, i) => [input, tensors[i]])),
        result: Array.isArray(dy) ? results : results[0],
      } as unknown as Saved<Inputs, Result>;
      return gradient(dy as unknown as Result, saved, data, fixed) as { [input: string]: () => tf.Tensor };
    },
  };
}

/** The results of a composite, cloned where one is an input or comes twice: the tape would count its gradient double. */
function fresh(results: OpResult, inputs: tf.NamedTensorInfoMap): tf.Tensor | tf.Tensor[] {
  const taken = new Set<unknown>(Object.values(inputs));
  const own = (result: tf.Tensor) => {
    const owned = taken.has(result) ? tf.clone(result) : result;
    taken.add(owned);
    return owned;
  };
  return Array.isArray(results) ? results.map(own) : own(results);
}
