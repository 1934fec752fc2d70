import { contrastive } from "@kindred/contrastive-loss";
import { openEncoder } from "@kindred/encoder";
import { add, matmulTransposed, scale, sliceRows, sum } from "@kindred/nn";
import { families } from "@kindred/sentence-encoder";
import { lossOf, trainConfig, trainingStep } from "@kindred/trainer";
import * as tf from "@tensorflow/tfjs-core";
import triplet from "./triplet.mjs";

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

/** A loss over the batch that every core takes for its share. */
const undivided = (loss) => (columns, context) =>
  loss.value(columns.map(context.gather), { ...context, ...context.batch, firstRow: 0, gather: (rows) => rows });

/** A core's mean over its own rows where its share of the batch's mean is meant. */
const ofOwnRows = (loss) => (columns, context) =>
  scale(loss.value(columns, context), context.totalRows / columns[0].shape[0]);

const withValue = (task, change) => ({ ...task, loss: { ...task.loss, value: change(task.loss) } });

/** Faults that the law must notice. */
const mutants = {
  sliceGather: ({ task, job }) => ({ task: { ...task, core: slicing(task.core) }, job }),
  undivided: ({ task, job }) => ({
    task: withValue({ ...task, loss: { ...task.loss, over: "rows" } }, undivided),
    job,
  }),
  ownMean: ({ task, job }) => ({ task: withValue(task, ofOwnRows), job }),
  drawnOrder: ({ task, job }) => {
    const { scores } = job.share.data;
    return { task, job: { ...job, share: { ...job.share, data: { ...job.share.data, scores: scores.toReversed() } } } };
  },
  dropoutByLocalRow: ({ task, job }) => {
    const share = { ...job.share, rows: job.share.rows.map((_, i) => i) };
    return { task, job: { ...job, share } };
  },
};

// The built-in loss, which gives the share of a core's own rows, and the same computed by every core over the whole batch; and one with scores and labels.
const built = contrastive();

/** The product of each row's first two texts, as much as its score and its label say. */
const judged = {
  name: "judged",
  options: {},
  needs: { scores: "row", labels: true },
  value: ([first, second], { scores, labels, totalRows }) => {
    const product = (row) => sum(matmulTransposed(sliceRows(first, row, 1), sliceRows(second, row, 1)));
    const rows = Array.from(scores, (score, row) => scale(product(row), score - labels[row]));
    return scale(rows.reduce(add), 1 / totalRows);
  },
};

const losses = {
  rows: built,
  batch: { ...built, over: "batch" },
  judgedRows: { ...judged, over: "rows" },
  judgedBatch: { ...judged, over: "batch" },
  triplet: triplet({ tf }).loss,
};

/** Moves nothing, and remembers the gradient for whoever looks. */
const watching = {
  name: "watching",
  options: {},
  slots: ["gradient"],
  learningRate: () => 0,
  numbers: () => new Float32Array(1),
  rests: () => true,
  update: ({ parameter, gradient }) => [parameter, gradient],
};

export default ({ core, data: { config, modules, dropoutKey } }) => ({
  optimizer: watching,
  step: (store, { share, totalRows, maxBatchTokens, loss, options, mutant }) => {
    const { parameters, add } = store;
    const sound = {
      task: {
        parameters,
        model: { encoder: openEncoder(families, config), modules },
        core,
        loss: options === undefined ? losses[loss] : lossOf(trainConfig(options)),
        dropoutKey,
        maxBatchTokens,
      },
      job: { step: 3, share, totalRows },
    };
    const { task, job } = mutant === undefined ? sound : mutants[mutant](sound);
    return trainingStep(task, job, { onGradient: add, onRowGradient: add });
  },
  embed: (parameters) => Object.values(parameters)[0],
});
