import type { EncoderParameters } from "@kindred/encoder";
import { type ModelFolder, tensorPieces } from "@kindred/model-folder";
import type { FrozenSpec, KeepsWeights, WeightForm, WeightReceiver } from "@kindred/nn";
import type { Float } from "@kindred/tensor";
import { toFloat32 } from "@kindred/tensor-files";
import * as tf from "@tensorflow/tfjs-core";
import { countNonFinite, nonNumbersWarning, storedParameters } from "./model-weights.ts";
import { type EmbeddingModel, modelSpecs } from "./sentence-model.ts";

/** One copy of a model's weights for several threads, and how far they are with it. Plain data: main makes it, and posts it to them as it is. */
export type SharedWeights = { readonly memory: WebAssembly.Memory; readonly states: Int32Array };

// What states say: of the room, of each parameter. `states[layoutAt]` is the number of the layout that all agree on.
const [free, taken, done] = [0, 1, 2];
const [roomAt, layoutAt, firstParameterAt] = [0, 1, 2];

const mostPages = 2 ** 16;
/** Bytes that are read at a time. */
const pieceBytes = 2 ** 22;
/** Each weight begins where a cache line does. */
const alignment = 64;

/** Nothing yet, for threads that share the weights of a model. */
export function sharedWeights(
  model: EmbeddingModel,
  { shared = true }: { readonly shared?: boolean } = {},
): SharedWeights {
  const count = firstParameterAt + modelSpecs(model).length;
  return {
    memory: new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared }),
    states: new Int32Array(shared ? new SharedArrayBuffer(4 * count) : new ArrayBuffer(4 * count)),
  };
}

/** What {@link loadFrozen} is told. */
export type FrozenOptions = {
  readonly weights: WeightForm;
  /** What every thread fills with the others, or alone. */
  readonly shared: SharedWeights;
  /** Told of tensors that hold NaN or infinite numbers, by name: in one of the threads. Default: nobody looks. */
  readonly onWarning?: (message: string) => void;
};

/**
 * The parameters of a model, in a memory of their own. Where threads share it, each reads and packs what no other has begun, until all are there: matrices and
 * tables lie there once, and tensors stand for them; of gains and shifts each thread has its own.
 *
 * @throws FormatError as `modelWeights` does; OutOfMemoryError where all do not fit
 */
export async function loadFrozen(
  folder: ModelFolder,
  model: EmbeddingModel,
  { frozenWeights }: KeepsWeights,
  { weights, shared, onWarning }: FrozenOptions,
): Promise<EncoderParameters> {
  const { memory, states } = shared;
  const agree = (layout: number) => Atomics.compareExchange(states, layoutAt, 0, layout) || layout;
  const frozen = await frozenWeights(memory, weights, agree);
  const places = new Map<string, Place>();
  let end = 0;
  for (const [i, { name, kind, shape }] of modelSpecs(model).entries()) {
    const length = shape.reduce((product, size) => product * size, 1);
    const weight = { kind: kind === "matrix" ? kind : "table", shape } as const; // a gain or shift is a table's row
    const isShared = kind === "matrix" || kind === "table";
    places.set(name, { weight, isShared, length, address: end, state: firstParameterAt + i });
    end += Math.ceil(frozen.bytes(weight) / alignment) * alignment;
  }
  reserveOnce(states, () => frozen.reserve(end));
  const buffer = new Uint8Array(pieceBytes);
  for (let next = firstParameterAt; next < states.length; ) {
    await fill();
    while (next < states.length && Atomics.load(states, next) === done) next++;
    if (next < states.length) Atomics.wait(states, next, taken); // another thread's turn; if it fails, this one's
  }
  const parameters: { [name: string]: Float } = {};
  for (const [name, { weight, isShared, address, length }] of places) {
    const own = () => tf.tensor(new Float32Array(memory.buffer, address, length).slice(), [...weight.shape], "float32");
    parameters[name] = tf.keep(isShared ? frozen.tensor(weight, address) : own());
  }
  return parameters;

  /** Reads what no thread has begun. */
  async function fill(): Promise<void> {
    for await (const { name, storedName, weights: stored } of storedParameters(folder, model)) {
      const place = places.get(name);
      if (place === undefined || Atomics.compareExchange(states, place.state, free, taken) !== free) continue;
      let receiver: WeightReceiver | undefined;
      let [state, odd] = [free, 0];
      try {
        receiver = frozen.receive(place.weight, place.address);
        for await (const piece of tensorPieces(stored, storedName, buffer)) {
          const values = toFloat32(piece, { copy: false });
          if (onWarning !== undefined) odd += countNonFinite(values);
          receiver.write(values);
        }
        receiver.finish();
        state = done;
      } finally {
        if (state !== done) receiver?.giveUp();
        setState(states, place.state, state);
      }
      if (odd > 0) onWarning?.(nonNumbersWarning(name, odd, place.length));
    }
  }
}

/** Where a parameter lies in the memory, and where its state is. */
type Place = {
  readonly weight: FrozenSpec;
  /** Whether a tensor stands for it; else each thread makes a copy. */
  readonly isShared: boolean;
  readonly length: number;
  readonly address: number;
  readonly state: number;
};

function setState(states: Int32Array, at: number, state: number): void {
  Atomics.store(states, at, state);
  Atomics.notify(states, at);
}

/** Makes room, if no other thread has; where it fails, the next that waits tries. */
function reserveOnce(states: Int32Array, reserve: () => void): void {
  for (;;) {
    const state = Atomics.compareExchange(states, roomAt, free, taken);
    if (state === done) return;
    if (state === free) break;
    Atomics.wait(states, roomAt, taken);
  }
  let result = free;
  try {
    reserve();
    result = done;
  } finally {
    setState(states, roomAt, result);
  }
}
