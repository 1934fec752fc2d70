// One step of the trainer on an engine of devices, on rows that are all of one length: what is compiled ahead of time, and what is measured.
import { contrastive } from "@kindred/contrastive-loss";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { dealBatch, newModel, trainConfig, trainingCore, trainingOptimizer, trainingSteps } from "@kindred/trainer";
import { mpnetTokenizer } from "../bench/inputs/model-folder.mjs";

/** Sizes of the model: MPNet-base, and a tiny one for trying the tools out. */
export const sizes = {
  base: { hiddenSize: 768, numHiddenLayers: 12, numAttentionHeads: 12, intermediateSize: 3072 },
  tiny: { hiddenSize: 32, numHiddenLayers: 2, numAttentionHeads: 2, intermediateSize: 64 },
};

/**
 * @param {Parameters<typeof trainingSteps>[2]["engine"]} engine
 * @param {{ readonly size: keyof typeof sizes, readonly pairs: number, readonly tokens: number, readonly cores: number }} step pairs of a core
 * @returns what makes the step, to be called again and again, and how many bytes weights and moments have
 */
export async function oneStep(engine, { size, pairs, tokens, cores }) {
  const config = trainConfig({
    ...sizes[size],
    batchSize: pairs * cores,
    maxBatchTokens: 2 * pairs * tokens,
    maxSeqLength: tokens,
    maxSteps: 1000,
  });
  const tokenizer = mpnetTokenizer();
  const model = newModel(config, tokenizer);
  const runner = await soloStepRunner({ ...trainingSteps(config, model, { engine }), program: trainingCore });
  const rows = Array.from({ length: pairs * cores }, (_, row) => ({ texts: [`query ${row}`, `answer ${row}`] }));
  const columns = [0, 1].map((column) => ({
    ids: Int32Array.from(
      { length: rows.length * tokens },
      (_, i) => 5 + ((i * 7919 + column) % (tokenizer.vocabularySize - 5)),
    ),
    starts: Int32Array.from({ length: rows.length + 1 }, (_, row) => row * tokens),
  }));
  const shares = dealBatch(rows, columns, { cores, loss: contrastive() });
  const jobs = shares.map((share) => ({ step: 0, share, totalRows: rows.length }));
  const stateBytes = 3 * 4 * Object.values(model.weights).reduce((sum, { values }) => sum + values.length, 0);
  return {
    runner,
    stateBytes,
    run: (/** @type {number} */ step) => runner.run(jobs, trainingOptimizer(config).numbers(step)),
  };
}
