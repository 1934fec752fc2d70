// Ten steps of a toy with rows, model and checkpoints in memory: what a page of training is made of, and the same in Node.
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { newModel, trainConfig, trainingData, trainingRun, trainingSampler, trainingSteps } from "@kindred/trainer";

/** @typedef {import("@kindred/tpu-sharding").StepRunnerOptions<import("@kindred/trainer").TrainingCoreData>} Steps */

/**
 * The events of the run.
 *
 * @param {readonly (readonly string[])[]} pairs
 * @param {string} vocabulary the text of a vocab.txt
 * @param {import("@kindred/tensor").Engine} engine
 * @param {(steps: Steps) => Promise<import("@kindred/trainer").TrainingRunner>} start starts who makes the steps
 */
export async function trainToy(pairs, vocabulary, engine, start) {
  const size = { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 32, maxSeqLength: 12 };
  const steps = { batchSize: 16, learningRate: 1e-2, warmupSteps: 2, maxSteps: 10, holdOut: 0.1 };
  const config = trainConfig({ ...size, ...steps, loggingSteps: 1, evalSteps: 0, saveSteps: 5, seed: 3 });
  const model = newModel(config, tokenizerFromVocab(vocabulary));
  const rows = async function* () {
    for (const texts of pairs) yield { texts, place: { file: "pairs" } };
  };
  const data = await trainingData(config, model, { training: [{ dataset: { name: "pairs", rows } }] });
  const sampler = trainingSampler(config, data);
  const runner = await start(trainingSteps(config, model, { engine }));
  const saves = {
    saveCheckpoint: async (/** @type {import("@kindred/trainer").Checkpoint} */ { state }) => `step ${state.step}`,
    saveModel: async () => "this page",
  };
  const events = [];
  for await (const event of trainingRun(config, { model, data, sampler, runner, saves })) events.push(event);
  await runner.stop();
  return events;
}
