import * as tf from "@tensorflow/tfjs-core";
import type { EncoderParameters } from "@kindred/encoder";
import { ConfigError } from "@kindred/errors";
import { type HandlerOptions, type JobHandler, soloPool } from "@kindred/mesh";
import type { ModelFolder } from "@kindred/model-folder";
import { type KeepsWeights, packWeight, type WeightForm } from "@kindred/nn";
import {
  activeEngine,
  betweenOps,
  type Engine,
  type Float,
  isStandIn,
  type Layout,
  type ProgramSizes,
  type RunningEngine,
} from "@kindred/tensor";
import { embedSentences, embedTokens, planBatches, type TokenBatch } from "./embed-sentences.ts";
import { loadFrozen, type SharedWeights, sharedWeights } from "./frozen-parameters.ts";
import { loadParameters } from "./model-weights.ts";
import { planBlocks } from "./plan-blocks.ts";
import { type EmbeddingModel, modelSpecs } from "./sentence-model.ts";

/**
 * What an embedder makes of a batch: the vectors of its sentences, rows end to end, or of all their tokens, the last hidden states. Where the
 * batch has a layout: of all sentences or rows that this has.
 */
export type EmbeddingJob = { readonly batch: TokenBatch; readonly of: "sentences" | "tokens" };

/** How long a job may keep others waiting, and who may go before whom. */
export type EmbeddingOrder = {
  readonly signal?: AbortSignal | undefined;
  readonly priority?: number;
  /** The most tokens that it may be computed with, its own among them, where jobs are gathered. Default: it is computed alone. */
  readonly room?: number;
  /** Where jobs are gathered: called after the batch that the job was in, before its vectors are handed over. */
  readonly onBatch?: ((batch: ComputedBatch, waitedMs: number) => void) | undefined;
};

/** A batch that was computed, perhaps of several calls: all of them are given the same object. */
export type ComputedBatch = {
  /** How many texts it held. */
  readonly texts: number;
  /** How many tokens they had. */
  readonly tokens: number;
  /** How long its core worked on it, and on more urgent ones in between. */
  readonly computeMs: number;
};

/** Where batches of tokens become vectors: this thread, worker threads, or the cores of a training run. */
export type Embedder = {
  /** How many batches it works on at once. */
  readonly cores: number;
  /** How it keeps the weights of linear maps. Default: float32. */
  readonly weights?: WeightForm;
  /** Which batches suit it, where it makes a program for each shape of one: bring it those of `planBlocks`. Default: any. */
  readonly programs?: ProgramSizes;
  /** The vectors of a batch. Of batches that wait the one with the highest priority is next, of equal ones the first. */
  embed(job: EmbeddingJob, order?: EmbeddingOrder): Promise<Float32Array>;
  /** How many sentences wait for a core, where jobs are gathered. */
  readonly waiting?: () => number;
  /** Frees weights and threads. */
  close(): Promise<void>;
};

/** The batches of sentences that suit an embedder: of about equally many tokens, or of the shapes that it makes programs for. */
export function batchesFor(
  { cores, programs }: Embedder,
  lengths: Int32Array,
  { maxBatchTokens, batchRows }: { readonly maxBatchTokens: number; readonly batchRows: number | undefined },
): IterableIterator<{ readonly sentences: Int32Array; readonly layout?: Layout }> {
  if (programs !== undefined)
    return planBlocks(lengths, { ...programs, ...(batchRows === undefined ? {} : { batchRows }), cores });
  return planBatches(lengths, { maxBatchTokens, cores })
    .map((sentences) => ({ sentences }))
    .values();
}

/** Makes a model's parameters on the active engine, and tells of each before it makes the next. */
export type LoadModel = (onLoaded: (parameter: Float) => void) => Promise<EncoderParameters>;

/** What {@link loadWeights} is told. */
export type LoadWeightsOptions = {
  /** How the weights of linear maps are kept. Default: float32. */
  readonly weights?: WeightForm;
  /** What the threads of a pool fill together and share, each with this call. Default: the weights are this thread's own. */
  readonly shared?: SharedWeights;
  /** Told of tensors that hold NaN or infinite numbers, by name: in one of the threads that share. Default: nobody looks. */
  readonly onWarning?: (message: string) => void;
  /** Given each parameter that is a tensor of its own before the next is read. */
  readonly onLoaded?: (parameter: Float) => void;
};

/**
 * The parameters of a model on the active engine, in the form that is asked for: frozen in a memory of their own for another form than float32, and
 * where threads share them; else tensors.
 *
 * @throws ConfigError for a form that the engine has not; FormatError as `modelWeights` does; OutOfMemoryError where all do not fit
 */
export async function loadWeights(
  folder: ModelFolder,
  model: EmbeddingModel,
  { weights = "float32", shared, ...told }: LoadWeightsOptions = {},
): Promise<EncoderParameters> {
  const engine: RunningEngine & Partial<KeepsWeights> = activeEngine();
  const { weightForms = ["float32"], frozenWeights } = engine;
  if (!weightForms.includes(weights))
    throw new ConfigError(
      `weights: the engine has none of this form. Got ${weights} for ${engine.description}, expected ${weightForms.join(" or ")}. Choose ` +
        "another form, or the engine wasm.",
      { weights },
    );
  if (frozenWeights === undefined || (shared === undefined && weights === "float32"))
    return loadParameters(folder, model, told);
  const filled = shared ?? sharedWeights(model, { shared: false });
  return loadFrozen(folder, model, { weightForms, frozenWeights }, { weights, shared: filled, ...told });
}

/**
 * An {@link Embedder} that works in this thread, on an engine that it starts, with the parameters that `load` makes there: on all its devices,
 * where it has some.
 */
export async function localEmbedder(engine: Engine, load: LoadModel, model: EmbeddingModel): Promise<Embedder> {
  const { handle, stop, devices, programs } = await startEmbedding(engine, load, model);
  // A device computes one batch while it is fed the next.
  const pool = soloPool(handle, { size: devices === undefined ? 1 : 2 * devices });
  return {
    cores: devices ?? 1,
    ...(programs === undefined ? {} : { programs }),
    embed: (job, order) => pool.run(job, order),
    close: async () => {
      await pool.close();
      stop();
    },
  };
}

/** A thread that embeds. */
export type Embedding = {
  readonly handle: JobHandler<EmbeddingJob, Float32Array>;
  readonly stop: () => void;
  /** On how many devices it embeds side by side; undefined where the thread does the work itself. */
  readonly devices: number | undefined;
  readonly programs: ProgramSizes | undefined;
};

/** Where the model's parameters lie, and how many batches are on their way there. */
type Place = { readonly device: number; readonly parameters: EncoderParameters; batches: number };

/**
 * How a worker embeds, on an engine that it starts: between two ops of a batch it takes a more urgent one, and gives up a batch that
 * nobody waits for any more. An engine with devices takes whole batches, each the device that has the fewest.
 */
export async function startEmbedding(engine: Engine, load: LoadModel, model: EmbeddingModel): Promise<Embedding> {
  const running = await engine.start();
  const { devices, programs } = running;
  const places: Place[] = [];
  const stop = () => {
    for (const { parameters } of places) tf.dispose(Object.values(parameters));
    running.stop();
  };
  try {
    const count = devices?.portable === true ? devices.count : 1;
    for (let device = 0; device < count; device++) {
      const parameters = await load((parameter) => devices?.place([parameter], device));
      places.push({ device, parameters: on(device, () => packMatrices(parameters, model)), batches: 0 });
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { handle, stop, devices: devices && places.length, programs };

  function on<T>(device: number, work: () => T): T {
    return devices === undefined ? work() : devices.on(device, work);
  }

  function handle(
    { batch, of }: EmbeddingJob,
    { signal, serveUrgent }: HandlerOptions,
  ): Float32Array | Promise<Float32Array> {
    const place = places.reduce((best, each) => (each.batches < best.batches ? each : best));
    const embedAll = of === "sentences" ? embedSentences : embedTokens;
    const embed = () => embedAll(place.parameters, batch, model);
    const lookUp = () => {
      serveUrgent();
      signal.throwIfAborted();
    };
    if (devices === undefined) return readOut(running, betweenOps(lookUp, embed));
    place.batches++;
    return (async () => readOut(running, devices.on(place.device, embed)))().finally(() => place.batches--);
  }
}

/** The elements of a tensor, which it frees: at once where this thread has made them, so that an urgent answer is not held back. */
function readOut({ read, readSync, devices }: RunningEngine, result: Float): Float32Array | Promise<Float32Array> {
  const values = new Float32Array(result.size);
  if (readSync === undefined || devices !== undefined)
    return read(result, values)
      .then(() => values)
      .finally(() => result.dispose());
  try {
    readSync(result, values);
    return values;
  } finally {
    result.dispose();
  }
}

/**
 * A model's parameters with its matrices, but those that are frozen, as the backend multiplies by them: for embedding only. It owns `parameters`: those that it
 * replaces are freed, one after another, and all if it throws.
 *
 * @throws OutOfMemoryError when there is no room for one more weight
 */
export function packMatrices(parameters: EncoderParameters, model: EmbeddingModel): EncoderParameters {
  const packed: { [name: string]: Float } = { ...parameters };
  try {
    for (const { name, kind } of modelSpecs(model)) {
      const parameter = packed[name];
      if (kind !== "matrix" || parameter === undefined || isStandIn(parameter)) continue;
      packed[name] = tf.keep(packWeight(parameter));
      parameter.dispose();
    }
    return packed;
  } catch (error) {
    tf.dispose(Object.values(packed));
    throw error;
  }
}
