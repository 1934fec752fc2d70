import { arrayKernels, type ArrayKernels, type Optimizer, type OwnArrays } from "@kindred/adamw";
import type { EncoderParameters, ParameterSpec } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import type { Core } from "@kindred/mesh";
import type { Float, RunningEngine } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";
import { eachRun, parameterExchange, type ReducedPiece } from "./parameter-exchange.ts";
import { type NamedArrays, parameterViews, type StoreMemory } from "./store-memory.ts";
import { movedBy, type ParameterStore, type StoreOptions, type StoreUpdate } from "./parameter-store.ts";

/**
 * A store over memory that the cores share: each core sums and moves one contiguous range of all parameters, in place, and every core's
 * engine gets the result.
 *
 * Of a table, only rows that some core has touched are summed and looked at for the norm. "dense" rows move on along their slots;
 * only what has none and rests is skipped, which changes nothing: the result is the same, bit for bit.
 *
 * @throws ShapeError if the memory is for another mesh.
 * @throws ConfigError if the engine's results must be waited for.
 *
 * @example
 * ```ts
 * import { adamw } from "@kindred/adamw";
 * import { soloCore } from "@kindred/mesh";
 * import { cpu } from "@kindred/tensor";
 * import { arrayStore, storeMemory } from "@kindred/tpu-sharding";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const engine = await cpu().start();
 * const optimizer = adamw({ learningRate: () => 0.5 });
 * const memory = storeMemory([{ name: "w", shape: [2], kind: "shift" }], { cores: 1, slots: optimizer.slots });
 * const store = await arrayStore(soloCore(), memory, { engine, optimizer });
 * store.add("w", tf.tensor1d([3, -4]));
 * store.update(optimizer.numbers(0)).norm.dataSync(); // => [5]
 * memory.parameters; // => [-0.50, 0.50]
 * ```
 */
export async function arrayStore(
  core: Core,
  memory: StoreMemory,
  options: StoreOptions & { readonly engine: RunningEngine },
): Promise<ParameterStore> {
  const { engine } = options;
  const { optimizer, clipping = "clean", maxGradNorm = Number.POSITIVE_INFINITY, untouched = "dense" } = options;
  const kernels = await arrayKernels(engine, memory.heap);
  const exchange = parameterExchange(core, memory, { add: kernels.add, read: readSyncOf(engine) });
  const views = parameterViews(memory.shards, memory.parameters);
  const specs = new Map(memory.specs.map((spec) => [spec.name, spec]));
  const parameters = tensorsOf(memory.specs, views);
  const moved = Object.entries(parameters).filter(([name]) => !memory.frozen.has(name));
  const moving = new Map<string, MovingElements>();

  function update(numbers: Float32Array): StoreUpdate {
    const limit = maxGradNorm;
    const ownNorm =
      clipping === "clean" ? 0 : scaleOwn(exchange.localGradients(), clipping === "xla-exact" ? limit : undefined);
    const pieces = exchange.reduce();
    let squares = 0;
    for (const { gradient, touched = [0, gradient.length] } of pieces) {
      eachRun(touched, 0, (start, end) => (squares += kernels.sumOfSquares(gradient.subarray(start, end))));
    }
    const norm = Math.sqrt(core.allReduceScalar(squares));
    const clip = clipping === "xla-exact" ? 1 : Math.min(1, limit / (norm + 1e-6)); // 1e-6 as in PyTorch's clip_grad_norm_
    const notFinite = Number.isFinite(norm) ? undefined : pieces.filter(isNotFinite).map(({ name }) => name);
    if (notFinite === undefined) for (const piece of pieces) move(piece, numbers, clip);
    exchange.publish();
    for (const [name, tensor] of moved) engine.write(tensor, views[name] ?? new Float32Array());
    const given = clipping === "xla-exact" ? Math.max(...core.allGatherScalar(ownNorm)) : norm;
    return { norm: tf.scalar(given), ...(notFinite && { notFinite }) };
  }

  /** Clips this core's gradients by themselves, where a limit is given, and makes them its share of the mean. Gives their norm. */
  function scaleOwn(gradients: NamedArrays, limit: number | undefined): number {
    const all = Object.values(gradients);
    const norm = Math.sqrt(all.reduce((sum, gradient) => sum + kernels.sumOfSquares(gradient), 0));
    const factor = limit === undefined || !Number.isFinite(norm) ? 1 : Math.min(1, limit / (norm + 1e-6));
    for (const gradient of all) {
      for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i]! * factor) / core.size; // i is below its length
    }
    return norm;
  }

  function move({ name, start, gradient, touched }: ReducedPiece, numbers: Float32Array, clip: number): void {
    const spec = specs.get(name);
    if (spec === undefined) return; // every piece is of one of them
    const part = (vector: Float32Array) => vector.subarray(start, start + gradient.length);
    const own = { parameter: part(memory.parameters), gradient, slots: Object.values(memory.slots).map(part) };
    const runs = touched === undefined ? [0, gradient.length] : runsToMove(spec, own, touched);
    eachRun(runs, 0, (from, to) => moveArrays(optimizer, cut(own, from, to), { numbers, clip }, { spec, kernels }));
  }

  /** The runs of a table's elements that a step moves if all but those of `touched` have a gradient of zero. */
  function runsToMove(spec: ParameterSpec, { gradient, slots }: OwnArrays, touched: Int32Array): ArrayLike<number> {
    if (untouched === "lazy") return touched;
    if (!optimizer.rests(spec)) return [0, gradient.length];
    const elements = moving.get(spec.name) ?? movingElements(slots, gradient.length);
    moving.set(spec.name, elements);
    elements.add(touched);
    return elements.runs();
  }

  return { parameters, add: exchange.add, update };
}

function isNotFinite({ gradient }: ReducedPiece): boolean {
  return gradient.some((x) => !Number.isFinite(x));
}

function readSyncOf({ readSync, description }: RunningEngine): NonNullable<RunningEngine["readSync"]> {
  if (readSync !== undefined) return readSync;
  throw new ConfigError(
    `arrayStore: this engine's results must be waited for. Got "${description}", expected one whose tensors can be read at once. ` +
      "Keep the parameters in its own memory: tensorStore.",
  );
}

type Step = { readonly numbers: Float32Array; readonly clip: number };

function moveArrays(
  optimizer: Optimizer,
  own: OwnArrays,
  step: Step,
  options: { readonly spec: ParameterSpec; readonly kernels: ArrayKernels },
): void {
  if (optimizer.updateArrays !== undefined) optimizer.updateArrays(own, step, options);
  else moveByOps(optimizer, own, step, options.spec);
}

/** For an optimizer that knows tensors alone. */
function moveByOps(optimizer: Optimizer, own: OwnArrays, { numbers, clip }: Step, spec: ParameterSpec): void {
  tf.tidy(() => {
    const tensor = (array: Float32Array) => tf.tensor1d(array.slice());
    const tensors = { parameter: tensor(own.parameter), gradient: tensor(own.gradient), slots: own.slots.map(tensor) };
    const moved = movedBy(optimizer, tensors, { numbers: tensor(numbers), clip: tf.scalar(clip) }, spec);
    for (const [i, array] of [own.parameter, ...own.slots].entries()) array.set(moved[i]?.dataSync() ?? []);
  });
}

function cut({ parameter, gradient, slots }: OwnArrays, start: number, end: number): OwnArrays {
  const part = (array: Float32Array) => array.subarray(start, end);
  return { parameter: part(parameter), gradient: part(gradient), slots: slots.map(part) };
}

function tensorsOf(specs: readonly ParameterSpec[], values: NamedArrays): EncoderParameters {
  const tensor = ({ name, shape }: ParameterSpec): Float =>
    tf.keep(tf.tensor(values[name]?.slice() ?? [], [...shape], "float32"));
  return Object.fromEntries(specs.map((spec) => [spec.name, tensor(spec)]));
}

/** Elements of a block: 1 KiB of each slot. A block moves as a whole; that is exact, since what has no slots but zeros stands still. */
const blockLength = 256;

/** The elements of a parameter that a gradient of zero may still move, for what the optimizer remembers of them is not zero. */
type MovingElements = {
  /** Adds the elements of these runs: `[start0, end0, start1, …]`. */
  add(runs: ArrayLike<number>): void;
  /** Runs that hold all of them, in order and of whole blocks. */
  runs(): number[];
};

/** Of `length` elements, those whose slots are not all zero, and all that share a block with them. */
function movingElements(slots: readonly Float32Array[], length: number): MovingElements {
  const moving = new Uint8Array(Math.ceil(length / blockLength));
  for (let block = 0; block < moving.length; block++) {
    const part = (slot: Float32Array) => slot.subarray(block * blockLength, (block + 1) * blockLength);
    if (slots.some((slot) => part(slot).some((x) => x !== 0))) moving[block] = 1;
  }
  return {
    add(runs) {
      eachRun(runs, 0, (start, end) => moving.fill(1, Math.floor(start / blockLength), Math.ceil(end / blockLength)));
    },
    runs() {
      const runs: number[] = [];
      for (let start = moving.indexOf(1); start >= 0; ) {
        const end = moving.indexOf(0, start);
        runs.push(start * blockLength, Math.min(length, (end < 0 ? moving.length : end) * blockLength));
        start = end < 0 ? -1 : moving.indexOf(1, end);
      }
      return runs;
    },
  };
}
