import { profileTable } from "@kindred/tensor";
import type { RunReader, TrainEvent } from "@kindred/trainer";

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
  const read = (event: TrainEvent) => {
    if (event.type === "start") start = event;
    if (event.type === "step") progress(progressLine(event, start?.lastStep ?? 0));
    else for (const text of linesOf(event)) line(text);
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

function linesOf(event: Exclude<TrainEvent, Of<"step">>): string[] {
  switch (event.type) {
    case "start":
      return [
        `Training ${event.parameters.toLocaleString("en")} parameters on ${event.cores} ${event.config.backend === "xla" ? "device" : "core"}${event.cores === 1 ? "" : "s"} (${event.runtime}), ` +
          `steps ${event.firstStep + 1} to ${event.lastStep}, ${event.config.batchSize} pairs a step`,
        `Output: ${event.output}`,
      ];
    case "data":
      return event.sources.flatMap((source) => sourceLines(source));
    case "evaluation":
      return evaluationLines(event);
    case "compile":
      return [
        `${event.fromCache ? "Loaded a compiled program" : "Compiled a program"} in ${event.seconds.toFixed(1)} s, as ${event.reason}`,
      ];
    case "checkpoint":
      return [`Saved ${event.path}`];
    case "stopped":
      return [`Stopped after step ${event.step} (${event.reason}). Saved ${event.path}`];
    case "profile":
      return [
        "",
        `Core 0, ${event.steps} steps with what evaluation ran between them:`,
        ...profileTable(event).split("\n"),
      ];
    case "examples":
      return event.examples.flatMap(({ query, answer, neighbours }) => [
        "",
        `  “${query}”`,
        ...neighbours.map(
          ({ text, similarity }) => `    ${similarity.toFixed(3)} ${text === answer ? "✓" : " "} ${text}`,
        ),
      ]);
    case "done":
      return doneLines(event);
  }
}

function sourceLines(source: Of<"data">["sources"][number]): string[] {
  const { name, share, rows, heldOutRows, skippedLines, columns, tokens, truncatedShare, duplicateRows, example } =
    source;
  const count = rows === undefined ? "streamed rows" : `${rows.toLocaleString("en")} rows`;
  const skipped = skippedLines === 0 ? "" : `, ${skippedLines} bad lines skipped`;
  return [
    `Data ${name}: ${count} of ${columns} texts, ${(100 * share).toFixed(0)} % of the draws, ${heldOutRows.toLocaleString("en")} held out${skipped}`,
    `  tokens: mean ${tokens.mean.toFixed(1)}, median ${tokens.median}, 95 % at most ${tokens.p95}, longest ${tokens.longest}; ` +
      `${(100 * truncatedShare).toFixed(1)} % truncated; ${duplicateRows.toLocaleString("en")} rows repeat a text`,
    `  first row: ${example.map((text) => `“${text.length > 60 ? `${text.slice(0, 59)}…` : text}”`).join("  →  ")}`,
  ];
}

function evaluationLines({ step, metrics, bm25, chance }: Of<"evaluation">): string[] {
  return Object.entries(metrics).map(([name, value]) => {
    const beside = (label: string, level: number | undefined) =>
      level === undefined ? [] : [`${label} ${level.toFixed(4)}`];
    const levels = [...beside("BM25", bm25[name]), ...beside("chance", chance[name])].join(", ");
    return `Evaluation at step ${step}: ${name} ${value.toFixed(4)}${levels === "" ? "" : `  (${levels})`}`;
  });
}

function doneLines({ metrics, seconds, finalLoss, model, steps }: Of<"done">): string[] {
  const [first] = Object.entries(metrics);
  const ended = `${steps} steps in ${duration(seconds)}, final loss ${finalLoss.toFixed(4)}`;
  if (first === undefined)
    return ["", `Verdict: ${ended}; too few rows were held out to judge by.`, ...nextSteps(model)];
  const [name, { before, after, bm25 }] = first;
  const beside = bm25 === undefined ? "" : `, BM25 ${bm25.toFixed(4)}, ${(after / bm25).toFixed(2)} × BM25`;
  const verdict = `Verdict: ${name} ${before.toFixed(4)} → ${after.toFixed(4)}${beside}; ${ended}`;
  return ["", verdict, ...nextSteps(model)];
}

function nextSteps(model: string): string[] {
  return [
    `Model: ${model}`,
    `Encode with it: npx kindred-encode --model ${model} "He bought a new car" "She purchased an automobile" "The soup was too salty" --similarity`,
  ];
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
