import { DivergenceError } from "@kindred/errors";
import { countNonFinite } from "@kindred/sentence-encoder";
import type { StepResult } from "@kindred/tpu-sharding";
import type { DivergedStep, RunSaves } from "./checkpoint.ts";
import type { DrawnBatch } from "./deal-batch.ts";
import type { TrainEvent } from "./train-event.ts";
import type { TrainingRunner } from "./training-steps.ts";

/** What is known of a step that ran away. */
type DivergedParts = {
  /** 1 for the first. */
  readonly step: number;
  readonly learningRate: number;
  readonly batch: Pick<DrawnBatch, "rows">;
  /** The names of the data sets, by their numbers. */
  readonly sources: readonly string[];
  /** The names of the parameters. */
  readonly parameters: readonly string[];
  readonly runner: Pick<TrainingRunner, "read">;
  readonly saves: Pick<RunSaves, "saveDiverged">;
};

/**
 * The end of a run whose numbers ran away: keeps the batch and what is known of the step, tells of it, and throws. Weights that are not
 * finite are looked for here, as no step before had to.
 *
 * @throws DivergenceError naming the step, what is not finite, and where the batch is kept.
 */
export async function* diverge(result: StepResult, parts: DivergedParts): AsyncGenerator<TrainEvent, never> {
  const { step, learningRate, batch, sources, runner, saves } = parts;
  const weights: string[] = [];
  for (const name of parts.parameters) if (countNonFinite(await runner.read(name)) > 0) weights.push(name);
  const diverged: DivergedStep = {
    ...{ step, learningRate, weights },
    loss: result.loss,
    gradientNorm: result.norm,
    gradients: result.notFinite,
    rows: batch.rows.map((row) => {
      const from = row.source === undefined ? undefined : sources[row.source];
      return from === undefined ? row : { ...row, from };
    }),
  };
  const path = await saves.saveDiverged?.(diverged);
  const { rows: _, ...details } = diverged;
  const error = new DivergenceError(messageOf(diverged, path), { ...details, path });
  yield { type: "diverged", step, ...(path !== undefined && { path }), reason: error.message };
  throw error;
}

function messageOf({ step, loss, gradientNorm, learningRate, gradients, weights }: DivergedStep, path?: string) {
  const found = [named(gradients ?? [], "the gradient of"), named(weights, "before the step")].filter(Boolean);
  const kept = path === undefined ? "" : ` The batch is kept in ${path}.`;
  // A step moves nothing by a gradient that is not finite: weights that are not come from a step before.
  const advice =
    weights.length > 0
      ? `Lower learningRate (--learning-rate, in this step ${learningRate}) or raise warmupSteps (--warmup-steps)`
      : `Look at the batch and the loss; or lower learningRate (--learning-rate, in this step ${learningRate}), or raise warmupSteps (--warmup-steps)`;
  return (
    `train: the numbers ran away at step ${step}. Got loss ${loss} and gradient norm ${gradientNorm}, expected finite ones` +
    `${found.length === 0 ? "" : `; not finite: ${found.join(", ")}`}.${kept} ${advice}. The checkpoints before it are as they were.`
  );
}

/** Names in a sentence: the first, and how many more. */
function named(names: readonly string[], of: string): string {
  const [first, ...others] = names;
  if (first === undefined) return "";
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  return of.startsWith("the") ? `${of} ${first}${more}` : `${first}${more} ${of}`;
}
