import { SentenceEncoder } from "@kindred/sentence-encoder";
import { lockstepEmbedder } from "../lockstep-embedder.ts";
import type { TrainEvent } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";
import { columnPrompts } from "../trainable-model.ts";
import type { RunParts } from "../training-run.ts";
import { type Followed, type Standing, standingOf } from "./best-model.ts";
import { baselines, evaluateTasks } from "./evaluate-tasks.ts";
import type { EncodeTexts } from "./evaluation-task.ts";
import { heldOutExamples } from "./held-out-examples.ts";

/** Who judges a run's model between its steps, on the cores of the run. */
export type RunJudge = {
  /** An evaluation, and what follows from it: `evaluation`, `best` if it is that, `examples` of it. None if the run is asked to stop meanwhile. */
  evaluate(step: number): Promise<TrainEvent[]>;
  /** What the model makes of held-out rows now; none if there is nothing to show, or the run is asked to stop meanwhile. */
  examples(step: number): Promise<TrainEvent[]>;
  /** Where the run stands by the metric that it follows; nowhere if it follows none. */
  standing(): Standing;
  /** Whether there was no gain for as long as the run has patience. */
  isEnough(): boolean;
};

/** What a judge goes by. */
type JudgeOptions = {
  readonly followed: Followed | undefined;
  /** The run's evaluations until now, to which those that are made are added. */
  readonly evaluations: Extract<TrainEvent, { type: "evaluation" }>[];
};

/** The judge of a run that has tasks. Whoever made the run's parts closes them. */
export function runJudge(
  config: TrainConfig,
  { model, data: { tasks }, runner, signal, teacher }: RunParts,
  { followed, evaluations }: JudgeOptions,
): RunJudge {
  const embedder = lockstepEmbedder(runner);
  const encoder = new SentenceEncoder(model, embedder);
  const prompts = columnPrompts(config);
  const encode: EncodeTexts = (texts, column) =>
    encoder.encode(texts, { prompt: prompts[Math.min(column, 1)] ?? "", ...(signal && { signal }) });
  const levels = { ...baselines(tasks), ...(teacher && { teacher }) };
  const standing = (): Standing =>
    followed === undefined ? { best: undefined, waited: 0 } : standingOf(evaluations, followed);
  const unlessStopped = async (events: Promise<TrainEvent[]>): Promise<TrainEvent[]> => {
    try {
      return await events;
    } catch (error) {
      if (signal?.aborted !== true) throw error;
      await embedder.close();
      return [];
    }
  };
  const show = async (step: number): Promise<TrainEvent[]> => {
    const shown = await heldOutExamples(tasks, encoder, encode);
    return shown === undefined ? [] : [{ type: "examples", step, ...shown }];
  };
  const evaluate = async (step: number): Promise<TrainEvent[]> => {
    const started = performance.now();
    const measured = await evaluateTasks(tasks, encode);
    const seconds = (performance.now() - started) / 1000;
    const event = { type: "evaluation", step, ...measured, ...levels, seconds } as const;
    const before = standing().best;
    evaluations.push(event);
    const { best } = standing();
    const isBest = followed !== undefined && best !== undefined && best.step === step;
    const told = { metric: followed?.metric ?? "", ...(before !== undefined && { before }) };
    const shown = step === 0 || (isBest && config.loadBestModelAtEnd) ? await show(step) : [];
    return [event, ...(isBest ? [{ type: "best", ...best, ...told } as const] : []), ...shown];
  };
  return {
    evaluate: (step) => unlessStopped(evaluate(step)),
    examples: (step) => unlessStopped(show(step)),
    standing,
    isEnough: () => followed !== undefined && followed.patience > 0 && standing().waited >= followed.patience,
  };
}
