import { clipFactor, globalNorm, type StepNumbers } from "@kindred/adamw";
import type { EncoderParameters, ParameterSpec } from "@kindred/encoder";
import { ConfigError, ShapeError } from "@kindred/errors";
import { embeddingGradientOp } from "@kindred/nn";
import type { Float, RowGradient } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { allGather, allReduce, type CorePlace } from "./collective-ops.ts";
import { movedBy, type ParameterStore, type StoreOptions, type StoreUpdate } from "./parameter-store.ts";
import { elements } from "./store-memory.ts";

/** A store whose parameters and slots are tensors of the engine. */
export type TensorStore = ParameterStore & {
  /** What the optimizer remembers, by slot and parameter, but of what is frozen. An update puts others in their places. */
  readonly slots: { readonly [slot: string]: EncoderParameters };
  /** Forgets the gradients of a step that failed, so that none is added to those of the next. */
  forget(): void;
  /** Frees all that it holds. */
  dispose(): void;
};

/** First values by name. */
export type InitialValues = { readonly [name: string]: Float32Array };

/**
 * A store in the engine's own memory, all of whose work is ops: for one core without shared memory, and for engines that record a step or
 * whose results must be waited for. Every core holds and moves all of it.
 *
 * Rows of tables are moved whole, so `untouched: "lazy"` is refused.
 *
 * @param values of the parameters, and of slots under `<slot>.<parameter>`; slots that are left out begin with zeros.
 * @throws ShapeError if a parameter has no values of its size.
 * @throws ConfigError for `untouched: "lazy"`.
 *
 * @example
 * ```ts
 * import { adamw } from "@kindred/adamw";
 * import { soloCore } from "@kindred/mesh";
 * import { cpu } from "@kindred/tensor";
 * import { tensorStore } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * await cpu().start();
 * const optimizer = adamw({ learningRate: () => 0.1 });
 * const store = tensorStore(soloCore(), { w: Float32Array.of(1, 2) }, {
 *   specs: [{ name: "w", shape: [2], kind: "shift" }],
 *   optimizer,
 * });
 * store.add("w", tf.tensor1d([3, -4]));
 * store.update(optimizer.numbers(0)).norm.dataSync(); // => [5]
 * store.parameters.w?.dataSync(); // => [0.9, 2.1]
 * ```
 */
export function tensorStore(
  core: CorePlace,
  values: InitialValues,
  options: StoreOptions & { readonly specs: readonly ParameterSpec[] },
): TensorStore {
  const { specs, optimizer, clipping = "clean", maxGradNorm = Number.POSITIVE_INFINITY, untouched = "dense" } = options;
  if (untouched === "lazy") {
    throw new ConfigError(
      'tensorStore: rows that a step does not touch can\'t stand still here. Got untouched "lazy", expected "dense". Use cores that share memory.',
      { untouched },
    );
  }
  const fitting = (name: string, { shape }: ParameterSpec, array: Float32Array | undefined = new Float32Array()) => {
    if (array.length === elements(shape)) return array;
    throw new ShapeError(
      `tensorStore: values do not fit ${name}. Got ${array.length}, expected ${elements(shape)} for [${shape}].`,
      { name, length: array.length, shape },
    );
  };
  const isFrozen = (spec: ParameterSpec) => optimizer.isFrozen?.(spec) === true;
  const first = specs.map((spec) => fitting(spec.name, spec, values[spec.name]));
  const moved = specs.filter((spec) => !isFrozen(spec));
  const firstOfSlots = optimizer.slots.map((slot) =>
    moved.map((spec) => {
      const name = `${slot}.${spec.name}`;
      return values[name] && fitting(name, spec, values[name]);
    }),
  );
  // All of them fit: from here on tensors are made. Slots that nothing is given for begin with zeros.
  const kept = (
    owners: readonly ParameterSpec[],
    arrays: readonly (Float32Array | undefined)[],
  ): { [name: string]: Float } =>
    Object.fromEntries(
      owners.map(({ name, shape }, i) => {
        const array = arrays[i];
        return [name, tf.keep(array ? tf.tensor(array.slice(), [...shape], "float32") : tf.zeros([...shape]))];
      }),
    );
  const parameters = kept(specs, first);
  const slots = firstOfSlots.map((arrays) => kept(moved, arrays));
  const gradients = new Map<string, Float>();
  const specOf = new Map(specs.map((spec) => [spec.name, spec]));

  function add(name: string, gradient: Float | RowGradient): void {
    const spec = specOf.get(name);
    const former = gradients.get(name);
    if (spec === undefined || !fits(spec, gradient)) throw noSuchGradient(name, gradient, spec);
    if (isFrozen(spec)) return;
    const sum = tf.tidy(() => {
      const whole = "rows" in gradient ? denseOf(spec, gradient) : gradient;
      const shaped = tf.reshape(whole, [...spec.shape]);
      return former === undefined ? tf.clone(shaped) : tf.add(former, shaped);
    });
    former?.dispose();
    gradients.set(name, tf.keep(sum));
  }

  function forget(): void {
    tf.dispose([...gradients.values()]);
    gradients.clear();
  }

  function update(numbers: Float32Array): StoreUpdate {
    const own = moved.map((spec) => gradients.get(spec.name) ?? tf.keep(tf.zeros([...spec.shape])));
    const made: tf.Tensor[] = [...own];
    gradients.clear();
    try {
      const { sums, norm, clip } = summed(own);
      made.push(...sums, norm, clip);
      const ofStep = tf.keep(tf.tensor1d(numbers.slice()));
      made.push(ofStep);
      for (const [i, spec] of moved.entries()) move(spec, sums[i], { numbers: ofStep, clip });
      made.splice(made.indexOf(norm), 1); // whoever asked gets it
      return { norm };
    } finally {
      tf.dispose(made);
    }
  }

  /** The sums of the cores' gradients, their norm as it is told, and what shortens them. */
  function summed(own: readonly Float[]): { sums: Float[]; norm: Float<"">; clip: Float<""> } {
    const given = tf.tidy(() => {
      const ownNorm = clipping === "xla-exact" ? globalNorm(own) : undefined;
      const share = ownNorm === undefined ? undefined : clipFactor(ownNorm, maxGradNorm);
      const mean = (gradient: tf.Tensor) => {
        const clipped = share === undefined ? gradient : tf.mul(gradient, share);
        return clipping === "clean" ? clipped : tf.div(clipped, core.size);
      };
      const sums = own.map((gradient) => allReduce(mean(gradient), core));
      const length = globalNorm(sums);
      const norm = ownNorm === undefined ? length : largestOf(ownNorm, core);
      const clip = clipFactor(length, clipping === "xla-exact" ? Number.POSITIVE_INFINITY : maxGradNorm);
      return { sums, norm, clip };
    });
    for (const tensor of [...given.sums, given.norm, given.clip]) tf.keep(tensor);
    return given;
  }

  /** Puts a parameter and its slots as the optimizer moves them in the place of those before. */
  function move(spec: ParameterSpec, gradient: Float | undefined, step: StepNumbers<Float<"n">, Float<"">>): void {
    const { name } = spec;
    const parameter = parameters[name];
    if (gradient === undefined || parameter === undefined) return; // there is one of each for every spec
    const before = [parameter, ...slots.flatMap((slot) => slot[name] ?? [])];
    const given = new Set([...before, gradient]); // freed, so what an optimizer gives back as it is must be cloned
    const after = tf.tidy(() => {
      const next = movedBy(optimizer, { parameter, gradient, slots: before.slice(1) }, step, spec);
      return next.map((tensor) => tf.keep(given.has(tensor) ? tf.clone(tensor) : tensor));
    });
    for (const [place, record] of [parameters, ...slots].entries()) {
      const tensor = after[place];
      if (tensor !== undefined) record[name] = tensor;
    }
    tf.dispose([...given]); // each gradient as soon as it has been used
  }

  return {
    parameters,
    slots: Object.fromEntries(optimizer.slots.map((slot, i) => [slot, slots[i] ?? {}])),
    add,
    update,
    forget,
    dispose() {
      forget();
      tf.dispose([parameters, ...slots].flatMap((tensors) => Object.values(tensors)));
    },
  };
}

/** The largest of the cores' numbers. */
function largestOf(own: Float<"">, core: CorePlace): Float<""> {
  const rows = Array.from({ length: core.size }, () => 1);
  return tf.max(allGather(tf.reshape(own, [1, 1]), core, { rows }));
}

function fits({ shape }: ParameterSpec, gradient: Float | RowGradient): boolean {
  const [rows = 0, ...features] = shape;
  if (!("rows" in gradient)) return gradient.size === elements(shape);
  const sizes = gradient.values.size === gradient.rows.length * elements(features);
  return sizes && gradient.rows.every((row) => row < rows);
}

function noSuchGradient(name: string, gradient: Float | RowGradient, spec: ParameterSpec | undefined): ShapeError {
  const got =
    "rows" in gradient ? `rows [${gradient.rows}] of [${gradient.values.shape}]` : `${gradient.size} elements`;
  const expected = spec === undefined ? "the name of a parameter" : `${elements(spec.shape)} elements, or rows of them`;
  return new ShapeError(`add: no such gradient. Got ${got} for "${name}", expected ${expected}.`, { name });
}

function denseOf({ shape: [vocab = 0], rowWithoutGradient }: ParameterSpec, { rows, values }: RowGradient): tf.Tensor {
  const padding = rowWithoutGradient === undefined ? {} : { paddingId: rowWithoutGradient };
  return embeddingGradientOp({ dy: values }, { ids: rows }, { vocab, ...padding });
}
