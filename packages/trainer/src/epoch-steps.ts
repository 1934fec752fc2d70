import { ConfigError } from "@kindred/errors";
import { expectStepsFit, learningRateSchedule } from "./train-config.ts";
import type { TrainConfig } from "./train-options.ts";
import type { TrainingData } from "./training-data.ts";
import { trainingSampler } from "./training-steps.ts";

/**
 * A configuration whose `epochs` are counted in steps: `maxSteps` is how many the run's sampler gives, of full batches, less what is left
 * out. Without `epochs` it is as it was.
 *
 * The sampler is run to its end once, without its texts being looked at: about a second for a million rows. An epoch reads each data set
 * once, however they mix; with `mixing: "round_robin"` it is over with the shortest. Of N epochs that are no whole number, the steps are those of
 * ⌈N⌉ times N / ⌈N⌉, rounded up.
 *
 * @param from where a run that goes on stands
 * @throws ConfigError for data that are streamed, whose end nobody knows, and options that lie behind the last step; DataError for data that
 * fill no batch.
 *
 * @example
 * ```ts ignore
 * import { countEpochs, trainConfig, trainingData } from "@kindred/trainer";
 *
 * const config = trainConfig({ epochs: 3, batchSize: 64 });
 * (await countEpochs(config, await trainingData(config, model, { training }))).maxSteps; // 46, for 1,000 rows
 * ```
 */
export async function countEpochs(
  config: TrainConfig,
  data: TrainingData,
  from: { readonly step: number; readonly cursor?: unknown } = { step: 0 },
): Promise<TrainConfig> {
  const { epochs, gradientAccumulationSteps: batchesOfStep } = config;
  if (epochs === undefined) return config;
  const stream = data.sources.find((source) => !("length" in source));
  if (stream !== undefined)
    throw new ConfigError(
      `train: nobody knows how many steps an epoch of ${stream.name} has, as it is streamed. Got epochs ${epochs}. ` +
        "Say how many steps (--max-steps), or hold all rows in memory (--max-rows-in-memory).",
      { source: stream.name },
    );
  const sampler = trainingSampler(config, data, { cursor: from.cursor });
  let batches = 0;
  try {
    while ((await sampler.next()) !== undefined) batches++;
  } finally {
    await sampler.close();
  }
  const all = from.step + Math.floor(batches / batchesOfStep);
  if (all === 0)
    throw new ConfigError(
      `train: the rows of all epochs are less than a step. Got ${batches} full batches of ${config.batchSize}, expected ${batchesOfStep} or more. Lower batchSize (--batch-size), or take more epochs (--epochs).`,
      { batches },
    );
  const counted = { ...config, maxSteps: Math.ceil((all * epochs) / Math.ceil(epochs)) };
  expectStepsFit(counted);
  learningRateSchedule(counted);
  return counted;
}
