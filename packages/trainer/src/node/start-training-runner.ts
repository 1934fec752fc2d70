import { startStepRunner } from "@kindred/tpu-sharding/node";
import type { TrainConfig } from "../train-options.ts";
import type { TrainableModel } from "../trainable-model.ts";
import { type TrainingRunner, trainingSteps, type TrainingStepsOptions } from "../training-steps.ts";

/**
 * Starts `config.cores` worker threads that hold this model in shared memory and make the steps of a run.
 *
 * @throws ConfigError if worker threads cannot find the engine; MeshError if one does not start in time; OutOfMemoryError.
 *
 * @example
 * ```ts ignore
 * import { wasm } from "@kindred/backend-wasm";
 * import { newModel, trainConfig } from "@kindred/trainer";
 * import { startTrainingRunner } from "@kindred/trainer/node";
 *
 * const config = trainConfig({ cores: 2 });
 * const runner = await startTrainingRunner(config, newModel(config, tokenizer), { engine: wasm() });
 * runner.engine; // "wasm kernels: relaxed (…)", say
 * await runner.stop();
 * ```
 */
export function startTrainingRunner(
  config: TrainConfig,
  model: TrainableModel,
  options: TrainingStepsOptions,
): Promise<TrainingRunner> {
  // Cores run what is built, also where this file is run as it is written: Node 20 reads no TypeScript.
  const core = import.meta.url.endsWith(".ts") ? "../../dist/training-core.js" : "../training-core.js";
  const { cores } = config;
  return startStepRunner({ ...trainingSteps(config, model, options), cores, program: new URL(core, import.meta.url) });
}
