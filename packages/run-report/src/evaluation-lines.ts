import { fewMeasured, type TaskSize, type TrainEvent } from "@kindred/trainer";
import { mostLines } from "./data-lines.ts";

type Evaluation = Extract<TrainEvent, { type: "evaluation" }>;

/** Metrics of a task that are shown; events, report and TensorBoard have all. */
const shownMetrics = 2;

/**
 * An evaluation for people: a line for each task with its first metrics, how many queries they rest on, how far the 95 % interval reaches,
 * and what BM25 and guessing have; of many tasks one line of means for each kind.
 */
export function evaluationLines(event: Evaluation, tasks: readonly TaskSize[] = []): string[] {
  const known = new Set(tasks.flatMap(({ metrics }) => metrics));
  const isMean = (name: string) => tasks.length > 1 && name.startsWith("mean_");
  const others = Object.keys(event.metrics).filter((name) => !known.has(name) && !isMean(name));
  const lines = tasks.length > mostLines ? meanLines(event, tasks) : tasks.map((task) => taskLine(event, task));
  return [...lines, ...others.map((name) => `${head(event)}: ${valueText(event, name)}`)];
}

function head({ step }: Evaluation): string {
  return `Evaluation at step ${step}`;
}

function taskLine(event: Evaluation, task: TaskSize): string {
  const shown = task.metrics.slice(0, shownMetrics).map((metric) => valueText(event, metric, shortName(task, metric)));
  return `${head(event)}, ${task.name} (${sizeText(task)}): ${shown.join("; ")}`;
}

/** One line for all tasks of one evaluator. */
function meanLines(event: Evaluation, tasks: readonly TaskSize[]): string[] {
  return [...new Set(tasks.map(({ evaluator }) => evaluator))].flatMap((evaluator) => {
    const own = tasks.filter((task) => task.evaluator === evaluator);
    const [first] = own;
    if (first === undefined) return [];
    if (own.length === 1) return [taskLine(event, first)];
    const metrics = first.metrics.slice(0, shownMetrics).map((metric) => shortName(first, metric));
    const measured = own.reduce((sum, task) => sum + task.measured, 0);
    const [metric = ""] = metrics;
    const ranked = own
      .map((task) => ({ name: task.name, value: event.metrics[`${task.name}_${metric}`] ?? Number.NaN }))
      .sort((a, b) => a.value - b.value);
    const [least, most] = [ranked[0], ranked.at(-1)];
    const spread =
      least === undefined || most === undefined
        ? ""
        : `; ${metric} from ${least.value.toFixed(4)} (${least.name}) to ${most.value.toFixed(4)} (${most.name})`;
    const shown = metrics.map((name) => valueText(event, `mean_${name}`, name));
    return [
      `${head(event)}, mean of ${own.length} tasks (${measured.toLocaleString("en")} ${first.unit}): ${shown.join("; ")}${spread}`,
    ];
  });
}

function shortName({ name }: TaskSize, metric: string): string {
  return metric.slice(name.length + 1);
}

/** `mrr@10 0.2500 ± 0.0400 (BM25 0.1000, chance 0.0059)`. */
function valueText({ metrics, intervals, bm25, teacher, chance }: Evaluation, name: string, shown = name): string {
  const beside = (label: string, level: number | undefined) =>
    level === undefined ? [] : [`${label} ${level.toFixed(4)}`];
  const levels = [
    ...beside("teacher", teacher?.[name]),
    ...beside("BM25", bm25[name]),
    ...beside("chance", chance[name]),
  ].join(", ");
  return `${shown} ${(metrics[name] ?? Number.NaN).toFixed(4)}${reachText(intervals?.[name])}${levels === "" ? "" : ` (${levels})`}`;
}

/** ` ± 0.0400`: half the width of an interval; nothing where there is none. */
export function reachText(interval: readonly [low: number, high: number] | undefined): string {
  return interval === undefined ? "" : ` ± ${((interval[1] - interval[0]) / 2).toFixed(4)}`;
}

function sizeText({ measured, unit }: TaskSize): string {
  return `${measured.toLocaleString("en")} ${unit}${measured < fewMeasured ? ", too few to judge by" : ""}`;
}

/** What a metric rests on: "7 queries, too few to judge by". Undefined where that is not told. */
export function measuredBy(metric: string, tasks: readonly TaskSize[]): string | undefined {
  const task = tasks.find(({ metrics }) => metrics.includes(metric));
  if (task !== undefined) return sizeText(task);
  const own = tasks.filter(
    (one) => metric.startsWith("mean_") && one.metrics.includes(`${one.name}_${metric.slice(5)}`),
  );
  const [first] = own;
  if (first === undefined) return undefined;
  const measured = own.reduce((sum, one) => sum + one.measured, 0);
  return sizeText({ ...first, measured });
}
