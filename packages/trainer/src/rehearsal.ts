import type { MemoryEstimate } from "./memory-estimate.ts";
import type { TrainEvent } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";
import { parameterCount } from "./trainable-model.ts";
import { type RunParts, trainingRun } from "./training-run.ts";

/** Steps that are timed after the first, which makes everything ready; fewer where that takes longer than so many seconds. */
const [timedSteps, timedSeconds] = [3, 20];

/** What {@link rehearsal} needs of a run's parts: nothing is kept, so no saves. */
export type RehearsalParts = Omit<RunParts, "saves"> & {
  /** The most memory that the process has had, in bytes. Default: it is not told. */
  readonly peakBytes?: () => number;
};

/**
 * What a run would begin with, and about how long it would take: the events `start`, `data`, the first `evaluation`, then `estimate`, from a few
 * real steps whose outcome nobody keeps. Nothing is written.
 *
 * @example
 * ```ts ignore
 * import { type RehearsalParts, rehearsal, trainConfig } from "@kindred/trainer";
 *
 * declare const parts: RehearsalParts;
 * for await (const event of rehearsal(trainConfig({ maxSteps: 10 }), parts)) if (event.type === "estimate") console.log(event.seconds);
 * ```
 */
export async function* rehearsal(
  config: TrainConfig,
  { peakBytes, ...parts }: RehearsalParts,
): AsyncGenerator<TrainEvent, void> {
  const nowhere = async (): Promise<string> => "";
  const saves = { saveCheckpoint: nowhere, saveModel: nowhere };
  const trial = { ...config, loggingSteps: 1, saveSteps: 0, profile: false, loadBestModelAtEnd: false };
  let [lastStep, firstStep, trained, secondsPerEvaluation] = [0, 0, 0, 0];
  let memory: MemoryEstimate | undefined;
  const seconds: number[] = [];
  for await (const event of trainingRun(trial, { ...parts, saves })) {
    if (event.type === "start") {
      ({ firstStep, lastStep, trained } = event);
      yield { ...event, config };
    } else if (event.type === "evaluation") {
      secondsPerEvaluation = event.seconds;
      yield event;
    } else if (event.type === "data" || event.type === "compile") {
      if (event.type === "data") ({ memory } = event);
      yield event;
    } else if (event.type === "step") {
      seconds.push((config.batchSize * config.gradientAccumulationSteps) / event.pairsPerSecond);
      const timed = seconds.slice(1).reduce((sum, each) => sum + each, 0);
      const isEnough = seconds.length > timedSteps || (seconds.length > 1 && timed > timedSeconds);
      if (isEnough || event.step === lastStep) break;
    } else if (event.type === "stopped") return;
  }
  const steps = lastStep - firstStep;
  const timed = seconds.length > 1 ? seconds.slice(1) : seconds;
  const secondsPerStep = timed.reduce((sum, each) => sum + each, 0) / timed.length;
  const between =
    config.evalSteps === 0 ? 0 : Math.ceil(lastStep / config.evalSteps) - Math.floor(firstStep / config.evalSteps) - 1;
  const evaluations = parts.data.tasks.length === 0 ? 0 : 2 + Math.max(0, between);
  yield {
    type: "estimate",
    steps,
    timedSteps: timed.length,
    secondsPerStep,
    evaluations,
    secondsPerEvaluation,
    seconds: steps * secondsPerStep + evaluations * secondsPerEvaluation,
    ...(memory && { memory }),
    ...(peakBytes && { peakBytes: peakBytes() }),
    checkpointBytes: 4 * (parameterCount(parts.model) + 2 * trained),
  };
}
