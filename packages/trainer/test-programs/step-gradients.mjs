import { startEngine } from "@kindred/sentence-encoder";
import { parameterExchange, parameterViews } from "@kindred/tpu-sharding";
import { trainingStep } from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";

// One training step's loss and gradients, summed over the cores as in training; the weights stay as they are.

/**
 * A core whose reduceScatter, the gradient of allGather, cuts out its own part and forgets what the others say: the gradient of
 * torch_xla's `all_gather`.
 */
const slicing = (core) => ({
  ...core,
  reduceScatter: (array, { counts }) => {
    const start = counts.slice(0, core.index).reduce((sum, count) => sum + count, 0);
    return array.slice(start, start + counts[core.index]);
  },
});

/** Faults that the law must notice. */
const mutants = {
  sliceGather: ({ task, job }) => ({ task: { ...task, core: slicing(task.core) }, job }),
  localRows: ({ task, job }) => ({ task, job: { ...job, totalRows: job.share.rows.length } }),
  dropoutByLocalRow: ({ task, job }) => {
    const share = { ...job.share, rows: job.share.rows.map((_, i) => i) };
    return { task, job: { ...job, share } };
  },
};

export default async (core, { backend, settings, shapes, shards, memory, loss, dropoutKey }) => {
  await startEngine(backend);
  const exchange = parameterExchange(core, shards, memory);
  const weights = Object.entries(parameterViews(shards, memory.weights));
  const parameters = Object.fromEntries(
    weights.map(([name, values]) => [name, tf.keep(tf.tensor(values.slice(), shapes[name], "float32"))]),
  );
  return {
    step: ({ share, totalRows, maxBatchTokens, mutant }) => {
      const sound = {
        task: { parameters, settings, core, loss, dropoutKey, maxBatchTokens },
        job: { step: 3, share, totalRows },
      };
      const { task, job } = mutant === undefined ? sound : mutants[mutant](sound);
      const value = core.allReduceScalar(trainingStep(task, job, exchange.addGradient));
      const sums = Object.entries(exchange.reduceGradients()).map(([name, own]) => [name, own.slice()]);
      exchange.publishWeights();
      return { loss: value, gradients: Object.fromEntries(sums) };
    },
  };
};
