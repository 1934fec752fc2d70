import { type JsonObject, openEncoder } from "@kindred/encoder";
import { childKey, keyFromSeed } from "@kindred/random";
import { type EmbeddingModel, embedSentences, type TokenBatch } from "@kindred/sentence-encoder";
import type { StepContext, StepProgram } from "@kindred/tpu-sharding";
import type { TrainConfig } from "./train-options.ts";
import { familiesOf, loadProgram, lossOf, type TrainProgram } from "./train-program.ts";
import { trainingOptimizer } from "./training-optimizer.ts";
import { type TrainingJob, trainingStep } from "./training-step.ts";

/** What every core is told at its start. */
export type TrainingCoreData = {
  readonly config: TrainConfig;
  /** The encoder's configuration, and the modules after it. */
  readonly model: { readonly config: JsonObject; readonly modules: EmbeddingModel["modules"] };
  /** The run's program: the URL of its module, or, where no thread is in between, itself. Default: none. */
  readonly program: string | TrainProgram | undefined;
};

/**
 * What one core does in a training run: it makes steps, and embeds texts for evaluation with the weights as they are. This module is what
 * a runner's cores load; in one thread it is handed over as a function.
 *
 * @throws ConfigError for a program that is none, or options that do not fit.
 *
 * @example
 * ```ts ignore
 * import { cpu } from "@kindred/tensor";
 * import { soloStepRunner } from "@kindred/tpu-sharding";
 * import { trainingCore, trainingSteps } from "@kindred/trainer";
 *
 * const runner = await soloStepRunner({ ...trainingSteps(config, model, { engine: cpu() }), program: trainingCore });
 * ```
 */
export async function trainingCore({
  core,
  data,
}: StepContext<TrainingCoreData>): Promise<StepProgram<TrainingJob, TokenBatch>> {
  const { config, program } = data;
  const parts = await loadProgram(typeof program === "string" ? new URL(program) : program);
  const model = { encoder: openEncoder(familiesOf(parts), data.model.config), modules: data.model.modules };
  const loss = lossOf(config, parts);
  const dropoutKey = childKey(keyFromSeed(config.seed), "dropout");
  const { maxBatchTokens } = config;
  return {
    optimizer: trainingOptimizer(config),
    step: ({ parameters, add }, job) =>
      trainingStep({ parameters, model, loss, dropoutKey, maxBatchTokens, core }, job, {
        onGradient: add,
        onRowGradient: add,
      }),
    embed: (parameters, batch) => embedSentences(parameters, batch, model),
  };
}

export default trainingCore;
