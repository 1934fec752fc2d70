import { profileTable } from "@kindred/tensor";
import type { RunReader, TrainEvent } from "@kindred/trainer";
import {
  coresText,
  duration,
  estimateLines,
  memoryText,
  mostLines,
  overlapLines,
  rowsLines,
  sourceLines,
} from "./data-lines.ts";
import { evaluationLines, measuredBy } from "./evaluation-lines.ts";

/** Where lines for people go: standard error, or a test's array. */
export type LineSink = {
  /** Whether a line may be rewritten in place. Default false. */
  readonly isTTY?: boolean | undefined;
  /** Takes text that ends where a line ends, or not. */
  write(text: string): unknown;
};

type Of<Type extends TrainEvent["type"]> = Extract<TrainEvent, { type: Type }>;

/**
 * A reader that writes a run's events for people: what is trained on what, a progress line (rewritten in place on a terminal),
 * evaluations beside BM25 and chance, and at the end a verdict, examples and what to type next.
 *
 * @example
 * ```ts
 * import { terminalReader } from "@kindred/run-report";
 *
 * let text = "";
 * const terminal = terminalReader({ write: (more) => (text += more) });
 * terminal.read({ type: "checkpoint", step: 5, path: "runs/a/checkpoint-5" });
 * text; // => "Saved runs/a/checkpoint-5\n"
 * ```
 */
export function terminalReader(sink: LineSink): RunReader {
  let progressShown = false;
  const line = (text: string) => {
    sink.write(`${progressShown ? "\r\u001b[K" : ""}${text}\n`);
    progressShown = false;
  };
  const progress = (text: string) => {
    if (sink.isTTY !== true) return line(text);
    sink.write(`\r\u001b[K${text}`);
    progressShown = true;
  };
  let start: Of<"start"> | undefined;
  let data: Of<"data"> | undefined;
  let examples: Of<"examples"> | undefined;
  const read = (event: TrainEvent) => {
    if (event.type === "start") start = event;
    if (event.type === "data") data = event;
    if (event.type === "examples") examples = event;
    if (event.type === "done") for (const text of examplesLines(examples)) line(text);
    if (event.type === "step") progress(progressLine(event, start?.lastStep ?? 0));
    else for (const text of linesOf(event, data)) line(text);
  };
  return { read };
}

function progressLine(event: Of<"step">, lastStep: number): string {
  const { step, loss, learningRate, pairsPerSecond, secondsLeft } = event;
  const width = 20;
  const filled = Math.round((step / Math.max(lastStep, 1)) * width);
  const bar = `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
  const rate = learningRate === 0 ? "0" : learningRate.toExponential(2);
  return `${bar} step ${step}/${lastStep}  loss ${loss.toFixed(4)}  rate ${rate}  ${Math.round(pairsPerSecond)} pairs/s  ${duration(secondsLeft)} left`;
}

function linesOf(event: Exclude<TrainEvent, Of<"step">>, data: Of<"data"> | undefined): string[] {
  switch (event.type) {
    case "start":
      return [
        `Training ${event.parameters.toLocaleString("en")} parameters on ${coresText(event)} (${event.runtime}), ` +
          `${event.firstStep < event.lastStep ? `steps ${event.firstStep + 1} to ${event.lastStep}` : `no steps left after ${event.firstStep}`}, ${pairsOfStep(event.config)} pairs a step`,
        `Output: ${event.output}`,
      ];
    case "data":
      return [
        ...sourceLines(event.sources),
        ...overlapLines(event.overlaps),
        ...(event.memory === undefined ? [] : [`Memory: about ${memoryText(event.memory)}`]),
        ...event.warnings.map((warning) => `Warning: ${warning}`),
      ];
    case "estimate":
      return estimateLines(event);
    case "rows":
      return rowsLines(event.sources);
    case "evaluation":
      return evaluationLines(event, data?.tasks);
    case "best": {
      const before =
        event.before === undefined ? "" : `, before ${event.before.value.toFixed(4)} at step ${event.before.step}`;
      return [`The best so far: ${event.metric} ${event.value.toFixed(4)} at step ${event.step}${before}`];
    }
    case "compile":
      return [
        `${event.fromCache ? "Loaded a compiled program" : "Compiled a program"} in ${event.seconds.toFixed(1)} s, as ${event.reason}`,
      ];
    case "checkpoint":
      return [`Saved ${event.path}`];
    case "stopped":
      return [`Stopped after step ${event.step} (${event.reason}). Saved ${event.path}`];
    case "diverged":
      return []; // the run's error says it
    case "profile":
      return [
        "",
        `Core 0, ${event.steps} steps with what evaluation ran between them:`,
        ...profileTable(event).split("\n"),
      ];
    case "examples":
      return []; // shown at the end
    case "done":
      return doneLines(event, data);
  }
}

/** What the model finds for some held-out queries. */
function examplesLines(event: Of<"examples"> | undefined): string[] {
  return (event?.examples ?? []).flatMap(({ query, answers, neighbours }) => [
    "",
    `  “${query}”`,
    ...neighbours.map(
      ({ text, similarity }) => `    ${similarity.toFixed(3)} ${answers.includes(text) ? "✓" : " "} ${text}`,
    ),
  ]);
}

function pairsOfStep({ batchSize, gradientAccumulationSteps: batches = 1 }: Of<"start">["config"]): string {
  return batches === 1 ? String(batchSize) : `${batches} batches of ${batchSize}`;
}

function doneLines(event: Of<"done">, data: Of<"data"> | undefined): string[] {
  const { metrics, seconds, finalLoss, model, steps, best } = event;
  const ended = `${steps} steps in ${duration(seconds)}, final loss ${finalLoss.toFixed(4)}`;
  const names = Object.keys(metrics);
  // Few tasks stand on the screen one by one; the first of them is what the run is about.
  const own = (data?.tasks.length ?? 0) > mostLines ? undefined : names.find((one) => !one.startsWith("mean_"));
  const name = best?.metric ?? own ?? names[0] ?? "";
  const judged = metrics[name];
  if (judged === undefined)
    return ["", `Verdict: ${ended}; too few rows were held out to judge by.`, ...nextSteps(model)];
  const { before, after, bm25, teacher } = judged;
  const beside =
    teacher !== undefined
      ? `, teacher ${teacher.toFixed(4)}`
      : bm25 === undefined
        ? ""
        : `, BM25 ${bm25.toFixed(4)}, ${(after / bm25).toFixed(2)} × BM25`;
  const measured = measuredBy(name, data?.tasks ?? []);
  const from = measured === undefined ? "" : ` (${measured})`;
  const verdict = `Verdict: ${name} ${before.toFixed(4)} → ${after.toFixed(4)}${from}${beside}; ${ended}`;
  return ["", ...bestLines(event, before), verdict, ...nextSteps(model)];
}

/** Which checkpoint was the best, and why the run ended where it did. */
function bestLines({ best, stoppedEarly, steps }: Of<"done">, before: number): string[] {
  const lines: string[] = [];
  if (stoppedEarly !== undefined)
    lines.push(
      `Stopped early, at step ${steps} of ${stoppedEarly.lastStep}: no gain in ${stoppedEarly.evaluations} evaluations (--early-stopping-patience).`,
    );
  if (best === undefined) return lines;
  const is = `${best.metric} ${best.value.toFixed(4)} at step ${best.step}`;
  if (best.loaded) lines.push(`The model is that of the best checkpoint: ${is}.`);
  else if (best.step !== steps)
    lines.push(
      `The best checkpoint is not the last, which the model is: ${is} (--load-best-model-at-end would take it).`,
    );
  if (before > best.value)
    lines.push(`Warning: no checkpoint is better than the model was before training (${before.toFixed(4)}).`);
  return lines;
}

function nextSteps(model: string): string[] {
  return [
    `Model: ${model}`,
    `Encode with it: npx kindred-encode --model ${model} "He bought a new car" "She purchased an automobile" "The soup was too salty" --similarity`,
  ];
}
