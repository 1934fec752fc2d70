import type { MetricSummary, TrainEvent } from "../train-event.ts";

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
