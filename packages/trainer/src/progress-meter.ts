import type { TrainEvent } from "./train-event.ts";

/** One step, for a {@link progressMeter}. */
export type MeteredStep = {
  readonly loss: number;
  readonly pairs: number;
  readonly tokens: number;
  readonly seconds: number;
};

/** What the last step says of itself. */
export type StepState = { readonly gradientNorm: number; readonly learningRate: number };

const nothing: MeteredStep & { readonly steps: number } = { loss: 0, pairs: 0, tokens: 0, seconds: 0, steps: 0 };

/** Adds up steps, and makes a progress event of those since the last one. Only the time of the steps themselves counts. */
export function progressMeter(lastStep: number) {
  let total = nothing;
  return {
    /** Counts a step. */
    add(step: MeteredStep): void {
      const { loss, pairs, tokens, seconds, steps } = total;
      total = {
        loss: loss + step.loss,
        pairs: pairs + step.pairs,
        tokens: tokens + step.tokens,
        seconds: seconds + step.seconds,
        steps: steps + 1,
      };
    },
    /** The event after `step` steps; counting begins anew. */
    take(step: number, { gradientNorm, learningRate }: StepState): Extract<TrainEvent, { type: "step" }> {
      const { loss, pairs, tokens, seconds, steps } = total;
      total = nothing;
      return {
        type: "step",
        step,
        loss: loss / steps,
        learningRate,
        gradientNorm,
        pairsPerSecond: pairs / seconds,
        tokensPerSecond: tokens / seconds,
        secondsLeft: (lastStep - step) * (seconds / steps),
      };
    },
  };
}
