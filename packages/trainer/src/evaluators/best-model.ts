import { ConfigError, nearestName } from "@kindred/errors";
import type { MetricSummary, TrainEvent } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";
import { metricNames } from "./evaluate-tasks.ts";
import type { EvaluationTask, Metrics } from "./evaluation-task.ts";

/** By which metric a run's best model is told, and when to give up on a better one. */
export type Followed = {
  readonly metric: string;
  readonly greaterIsBetter: boolean;
  /** Evaluations in a row without a gain that end the run; 0 = they do not. */
  readonly patience: number;
  /** What is a gain: more than this. */
  readonly threshold: number;
};

/** Where a run stands by the metric that it follows. */
export type Standing = {
  /** The best of the evaluations after step 0, at which nothing was trained; undefined before there is one. */
  readonly best: { readonly step: number; readonly value: number } | undefined;
  /** Evaluations since the last gain. */
  readonly waited: number;
};

/** The part of a configuration that says what the best model is. */
export type FollowOptions = Pick<
  TrainConfig,
  "metricForBestModel" | "greaterIsBetter" | "loadBestModelAtEnd" | "earlyStoppingPatience" | "earlyStoppingThreshold"
>;

/** Whether a run asks which of its models is the best. */
function follows({ metricForBestModel, loadBestModelAtEnd, earlyStoppingPatience }: FollowOptions): boolean {
  return metricForBestModel !== "" || loadBestModelAtEnd || earlyStoppingPatience > 0;
}

/**
 * Refuses options of a best model that can choose none.
 *
 * @throws ConfigError saying which to change
 */
export function refuseUnfollowed(config: TrainConfig, where: string): void {
  const { evalSteps, saveSteps, earlyStoppingThreshold, earlyStoppingPatience, greaterIsBetter } = config;
  const refuse = (message: string, key: keyof TrainConfig) => {
    throw new ConfigError(`${where}: ${message}`, { key });
  };
  if (earlyStoppingThreshold > 0 && earlyStoppingPatience === 0)
    refuse(
      `earlyStoppingThreshold means nothing without a patience. Got ${earlyStoppingThreshold}. Say after how many evaluations without such a gain to stop: earlyStoppingPatience (--early-stopping-patience).`,
      "earlyStoppingThreshold",
    );
  if (!follows(config)) {
    if (greaterIsBetter !== undefined)
      refuse(
        `greaterIsBetter means nothing, as no metric is followed. Got ${greaterIsBetter}. Name one: metricForBestModel (--metric-for-best-model), or leave it out.`,
        "greaterIsBetter",
      );
    return;
  }
  if (evalSteps === 0)
    refuse(
      "the best model is told by evaluations, and there is none before the end. Got evalSteps 0. Say how often to evaluate (--eval-steps).",
      "evalSteps",
    );
  if (saveSteps === 0 || evalSteps % saveSteps !== 0) {
    const divisor = saveSteps === 0 ? evalSteps : greatestDivisor(evalSteps, saveSteps);
    refuse(
      `a model can be the best only where it was saved. Got an evaluation every ${evalSteps} steps and a checkpoint ${saveSteps === 0 ? "never" : `every ${saveSteps}`}, expected one before each evaluation. Save every ${divisor} steps (--save-steps), or evaluate every ${Math.max(saveSteps, 1) * Math.max(1, Math.round(evalSteps / Math.max(saveSteps, 1)))} (--eval-steps).`,
      "saveSteps",
    );
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/**
 * The metric by which a run's best model is told; undefined where none is asked for. Not named, it is the first of those that there
 * will be: the mean of several tasks, or the first metric of the only one.
 *
 * @throws ConfigError for a metric that no evaluation will have, with those that they will
 *
 * @example
 * ```ts
 * import { followedMetric, judgedBy, trainConfig } from "@kindred/trainer";
 *
 * const rows = [["aab", "aba"], ["bc", "cbb"]].map((texts) => ({ texts, place: { file: "toy.jsonl" } }));
 * followedMetric(trainConfig({ loadBestModelAtEnd: true }), judgedBy({ name: "toy", rows }))?.metric; // => "toy_mrr@10"
 * ```
 */
export function followedMetric(config: FollowOptions, tasks: readonly EvaluationTask[]): Followed | undefined {
  if (!follows(config)) return undefined;
  const names = metricNames(tasks);
  const [first] = names;
  const asked = config.metricForBestModel;
  const metric = asked === "" ? first : names.find((name) => name === asked);
  if (metric !== undefined)
    return {
      metric,
      greaterIsBetter: config.greaterIsBetter ?? true, // as all evaluators have it
      patience: config.earlyStoppingPatience,
      threshold: config.earlyStoppingThreshold,
    };
  if (first === undefined)
    throw new ConfigError(
      "train: the best model is told by an evaluation, and nothing is evaluated. Got no held-out rows. Hold some out (--hold-out), or name a file with --eval-data.",
      { key: "holdOut" },
    );
  const nearest = nearestName(asked, names);
  const advice = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  throw new ConfigError(
    `train: no evaluation of this run has the metric metricForBestModel (--metric-for-best-model). Got ${asked}, expected one of ${names.join(", ")}.${advice}`,
    { key: "metricForBestModel", value: asked },
  );
}

/**
 * Where a run stands after its evaluations, in their order. The first of equal ones is the best; a gain is a value that is better than the
 * best before it by more than the threshold, as in transformers' EarlyStoppingCallback, and a value that is no number is none.
 *
 * @example
 * ```ts
 * import { standingOf } from "@kindred/trainer";
 *
 * const evaluations = [0.9, 0.2, 0.4, 0.4, 0.3].map((qa, i) => ({ step: 10 * i, metrics: { qa } }));
 * standingOf(evaluations, { metric: "qa", greaterIsBetter: true, threshold: 0 }); // => { best: { step: 20, value: 0.4 }, waited: 2 }
 * ```
 */
export function standingOf(
  evaluations: readonly { readonly step: number; readonly metrics: Metrics }[],
  { metric, greaterIsBetter, threshold }: Omit<Followed, "patience">,
): Standing {
  let best: Standing["best"];
  let waited = 0;
  for (const { step, metrics } of evaluations) {
    const value = metrics[metric];
    if (step === 0 || value === undefined) continue; // before training, or by other files than today's
    const gain =
      best === undefined ? Number.POSITIVE_INFINITY : greaterIsBetter ? value - best.value : best.value - value;
    waited = Number.isNaN(value) || gain <= threshold ? waited + 1 : 0;
    if (gain > 0 && !Number.isNaN(value)) best = { step, value };
  }
  return { best, waited };
}

/**
 * Every metric at the first and the last evaluation of a run, or that of a step, with the levels of BM25 and of guessing.
 *
 * @example
 * ```ts
 * import { metricSummaries } from "@kindred/trainer";
 *
 * const evaluation = { type: "evaluation", bm25: { qa: 0.5 }, chance: {}, seconds: 1 } as const;
 * const events = [{ ...evaluation, step: 0, metrics: { qa: 0.25 } }, { ...evaluation, step: 9, metrics: { qa: 0.75 } }];
 * metricSummaries(events); // => { qa: { before: 0.25, after: 0.75, bm25: 0.5 } }
 * ```
 */
export function metricSummaries(
  events: readonly TrainEvent[],
  step?: number,
): { readonly [name: string]: MetricSummary } {
  const evaluations = events.filter((event) => event.type === "evaluation");
  const last = step === undefined ? evaluations.at(-1) : evaluations.findLast((event) => event.step === step);
  const [first] = evaluations;
  if (first === undefined || last === undefined) return {};
  const summary = (name: string, after: number): MetricSummary => ({
    before: first.metrics[name] ?? Number.NaN,
    after,
    ...(last.teacher?.[name] === undefined ? {} : { teacher: last.teacher[name] }),
    ...(last.bm25[name] === undefined ? {} : { bm25: last.bm25[name] }),
    ...(last.chance[name] === undefined ? {} : { chance: last.chance[name] }),
  });
  return Object.fromEntries(Object.entries(last.metrics).map(([name, after]) => [name, summary(name, after)]));
}
