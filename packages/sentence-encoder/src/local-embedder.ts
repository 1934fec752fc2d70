import * as tf from "@tensorflow/tfjs-core";
import type { EncoderParameters } from "@kindred/encoder";
import { type JobHandler, soloPool } from "@kindred/mesh";
import { packWeight } from "@kindred/nn";
import { betweenOps, type Engine, type Float, type RunningEngine } from "@kindred/tensor";
import { embedSentences, embedTokens, type TokenBatch } from "./embed-sentences.ts";
import { type EmbeddingModel, modelSpecs } from "./sentence-model.ts";

/** What an embedder makes of a batch: the vectors of its sentences, rows end to end, or of all their tokens, the last hidden states. */
export type EmbeddingJob = { readonly batch: TokenBatch; readonly of: "sentences" | "tokens" };

/** How long a job may keep others waiting, and who may go before whom. */
export type EmbeddingOrder = { readonly signal?: AbortSignal | undefined; readonly priority?: number };

/** Where batches of tokens become vectors: this thread, worker threads, or the cores of a training run. */
export type Embedder = {
  /** How many batches it works on at once. */
  readonly cores: number;
  /** The vectors of a batch. Of batches that wait the one with the highest priority is next, of equal ones the first. */
  embed(job: EmbeddingJob, order?: EmbeddingOrder): Promise<Float32Array>;
  /** Frees weights and threads. */
  close(): Promise<void>;
};

/** An {@link Embedder} that works in this thread, on an engine that it starts, with the parameters that `load` makes there. */
export async function localEmbedder(
  engine: Engine,
  load: () => Promise<EncoderParameters>,
  model: EmbeddingModel,
): Promise<Embedder> {
  const { handle, stop } = await startEmbedding(engine, load, model);
  const pool = soloPool(handle);
  return {
    cores: 1,
    embed: (job, order) => pool.run(job, order),
    close: async () => {
      await pool.close();
      stop();
    },
  };
}

/**
 * How a worker embeds, on an engine that it starts: between two ops of a batch it takes a more urgent one, and gives up a batch that
 * nobody waits for any more.
 */
export async function startEmbedding(
  engine: Engine,
  load: () => Promise<EncoderParameters>,
  model: EmbeddingModel,
): Promise<{ readonly handle: JobHandler<EmbeddingJob, Float32Array>; readonly stop: () => void }> {
  const running = await engine.start();
  const parameters = await load()
    .then((loaded) => packMatrices(loaded, model))
    .catch((error: unknown) => {
      running.stop();
      throw error;
    });
  return {
    handle: ({ batch, of }, { signal, serveUrgent }) => {
      const lookUp = () => {
        serveUrgent();
        signal.throwIfAborted();
      };
      const embedAll = of === "sentences" ? embedSentences : embedTokens;
      const result: Float = betweenOps(lookUp, () => embedAll(parameters, batch, model));
      return readOut(running, result);
    },
    stop: () => {
      tf.dispose(Object.values(parameters));
      running.stop();
    },
  };
}

/** The elements of a tensor, which it frees: at once where the engine can, so that an urgent answer is not held back. */
function readOut({ read, readSync }: RunningEngine, result: Float): Float32Array | Promise<Float32Array> {
  const values = new Float32Array(result.size);
  if (readSync === undefined)
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
 * A model's parameters with its matrices as the backend multiplies by them: for embedding only. It owns `parameters`: those that it
 * replaces are freed, one after another, and all if it throws.
 *
 * @throws OutOfMemoryError when there is no room for one more weight
 */
export function packMatrices(parameters: EncoderParameters, model: EmbeddingModel): EncoderParameters {
  const packed: { [name: string]: Float } = { ...parameters };
  try {
    for (const { name, kind } of modelSpecs(model)) {
      const parameter = packed[name];
      if (kind !== "matrix" || parameter === undefined) continue;
      packed[name] = tf.keep(packWeight(parameter));
      parameter.dispose();
    }
    return packed;
  } catch (error) {
    tf.dispose(Object.values(packed));
    throw error;
  }
}
