import type { MetricSummary, RunReader, SourceSummary, TaskSize, TrainEvent } from "@kindred/trainer";
import { coresText } from "./data-lines.ts";
import { measuredBy, reachText } from "./evaluation-lines.ts";
import { escapeText, lineChart, type Series } from "./line-chart.ts";
import { dataSection, folded, heldOutSection } from "./report-sections.ts";

type Of<Type extends TrainEvent["type"]> = Extract<TrainEvent, { type: Type }>;

/**
 * A reader that hands over the report as it stands after each evaluation and at the end. `earlier` are the events of a run that is
 * resumed.
 *
 * @example
 * ```ts
 * import { reportReader } from "@kindred/run-report";
 *
 * const pages: string[] = [];
 * const report = reportReader((html) => void pages.push(html));
 * await report.read({ type: "stopped", step: 3, path: "checkpoint-3", reason: "SIGINT" });
 * pages.length; // => 1
 * ```
 */
export function reportReader(
  write: (html: string) => void | Promise<void>,
  earlier: readonly TrainEvent[] = [],
): RunReader {
  const events = [...earlier];
  return {
    read: async (event) => {
      events.push(event);
      if (event.type === "evaluation" || event.type === "stopped" || event.type === "diverged" || event.type === "done")
        await write(reportHtml(events));
    },
  };
}

/**
 * A run as one self-contained HTML page: how it ended, its metrics with what they rest on, curves, the similarities of held-out pairs and the
 * neighbours of real queries before and after, its data, and the whole configuration. No script, no address outside the page; texts of the data and names
 * of files stand in it as text, whatever they hold.
 *
 * @example
 * ```ts
 * import { reportHtml } from "@kindred/run-report";
 *
 * const html = reportHtml([{ type: "evaluation", step: 0, metrics: { qa: 0.1 }, bm25: { qa: 0.5 }, chance: {}, seconds: 1 }]);
 * html.includes("The run has not ended."); // => true
 * ```
 */
export function reportHtml(events: readonly TrainEvent[]): string {
  const of = <Type extends TrainEvent["type"]>(type: Type) =>
    events.filter((event): event is Of<Type> => event.type === type);
  const start = of("start").at(-1);
  const done = of("done").at(-1);
  const data = of("data").at(-1);
  const title = `Kindred run ${start?.output ?? ""}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${style}</style></head><body>
<h1>${escapeText(title)}</h1>
<p>${summaryText(start, done)}</p>
${(data?.warnings ?? []).map((warning) => `<p class="warning">${escapeText(`Warning: ${warning}`)}</p>`).join("\n")}
${metricsSection(of("evaluation"), { done, tasks: data?.tasks ?? [] })}
<h2>Loss</h2>
${passesNote(data?.sources ?? [], start)}
${stepCharts(of("step"))}
${metricCharts(of("evaluation"), data?.tasks ?? [])}
${heldOutSection(of("examples"), done)}
${dataSection(data, start?.config.maxSeqLength)}
<h2>Configuration</h2>
<pre>${escapeText(JSON.stringify(start?.config ?? {}, null, 2))}</pre>
</body></html>
`;
}

const style = `
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; background: #fff; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.2rem; } h3 { font-size: .95rem; margin: .8rem 0 .3rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; } th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e5e7eb; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } tr.first td { font-weight: 600; } .data td:first-child { min-width: 8rem; } svg { width: 100%; height: auto; display: block; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1.5rem; } .warning { background: #fef3c7; padding: .4rem .8rem; margin: .4rem 0; border-radius: .3rem; } .small { color: #4b5563; font-size: .85rem; }
summary { cursor: pointer; color: #2563eb; margin: .6rem 0; } blockquote { margin: 1rem 0 .2rem; padding-left: .8rem; border-left: 3px solid #d1d5db; } pre { font-size: .8rem; overflow-x: auto; background: #f9fafb; padding: .8rem; }
`;

function summaryText(start: Of<"start"> | undefined, done: Of<"done"> | undefined): string {
  const size =
    start === undefined
      ? ""
      : `${start.parameters.toLocaleString("en")} parameters on ${coresText(start)}, ${escapeText(start.runtime)}. `;
  if (done === undefined) return `${size}The run has not ended.`;
  const { best, stoppedEarly } = done;
  const early =
    stoppedEarly === undefined
      ? ""
      : ` Stopped early, before step ${stoppedEarly.lastStep}: no gain in ${stoppedEarly.evaluations} evaluations.`;
  const which = best?.loaded === true ? "The model is that of the best checkpoint" : "The best checkpoint";
  const told =
    best === undefined
      ? ""
      : ` ${which}${best.loaded ? "," : " was that of"} step ${best.step}, by ${escapeText(best.metric)}: ${best.value.toFixed(4)}.`;
  return `${size}${done.steps} steps in ${Math.round(done.seconds)} s, final loss ${done.finalLoss.toFixed(4)}.${early}${told}`;
}

/** Where a source is read a second time, which the loss shows: the model knows its rows by then. */
function passesNote(sources: readonly SourceSummary[], start: Of<"start"> | undefined): string {
  if (start === undefined) return "";
  const { batchSize, gradientAccumulationSteps: batches = 1 } = start.config;
  const notes = sources.flatMap(({ name, rows, share }) => {
    const stepsOfPass = rows === undefined ? Number.POSITIVE_INFINITY : rows / (share * batchSize * batches);
    return stepsOfPass < start.lastStep ? [`${escapeText(name)} from about step ${Math.round(stepsOfPass)}`] : [];
  });
  return notes.length === 0
    ? ""
    : `<p>Read again: ${notes.join(", ")}. The loss of rows seen before is lower; the held-out metrics below are not affected.</p>`;
}

/** Whether a metric is the one to judge a task by, or the mean of such. */
function isFirst(name: string, tasks: readonly TaskSize[]): boolean {
  return tasks.some(
    ({ name: task, metrics: [first = ""] }) => name === first || name === `mean_${first.slice(task.length + 1)}`,
  );
}

/** Names of metrics, those to judge by before the others. */
function inOrder(names: readonly string[], tasks: readonly TaskSize[]): string[] {
  return names.toSorted((a, b) => Number(isFirst(b, tasks)) - Number(isFirst(a, tasks)));
}

function metricsSection(
  evaluations: readonly Of<"evaluation">[],
  { done, tasks }: { readonly done: Of<"done"> | undefined; readonly tasks: readonly TaskSize[] },
): string {
  const [first, last] = [evaluations[0], evaluations.at(-1)];
  if (first === undefined || last === undefined) return "";
  const shown = (done?.best?.loaded && evaluations.findLast(({ step }) => step === done.best?.step)) || last;
  const cell = (text: string) => `<td class="number">${text}</td>`;
  const number = (value: number | undefined) => (value === undefined ? "–" : value.toFixed(4));
  const rows = inOrder(Object.keys(shown.metrics), tasks).map((name) => {
    const after = shown.metrics[name] ?? Number.NaN;
    const summary: Partial<MetricSummary> = done?.metrics[name] ?? { before: first.metrics[name] ?? Number.NaN, after };
    const levels = [shown.bm25[name], shown.chance[name]].map((level) => cell(number(level))).join("");
    return `<tr${isFirst(name, tasks) ? ' class="first"' : ""}><td>${escapeText(name)}</td>${cell(number(summary.before))}${cell(`${number(summary.after)}${reachText(shown.intervals?.[name])}`)}${levels}<td>${measuredBy(name, tasks) ?? ""}</td></tr>`;
  });
  const head = ["before", `step ${shown.step}`, "BM25", "chance"].map((name) => `<th class="number">${name}</th>`);
  const table = (part: readonly string[]) =>
    `<div class="scroll"><table><tr><th>metric</th>${head.join("")}<th>measured by</th></tr>${part.join("")}</table></div>`;
  return `<h2>Metrics</h2>${folded(rows, "metrics", { join: table })}<p class="small">± is half the width of the 95 % interval.</p>`;
}

function stepCharts(steps: readonly Of<"step">[]): string {
  const chart = (name: string, value: (step: Of<"step">) => number, height: number) =>
    lineChart([{ name, points: steps.map((step) => [step.step, value(step)]) }], {
      title: name,
      xLabel: "step",
      height,
    });
  return [
    chart("training loss", ({ loss }) => loss, 300),
    "<h2>Learning rate, gradient, speed</h2>",
    chart("learning rate", ({ learningRate }) => learningRate, 180),
    chart("gradient norm", ({ gradientNorm }) => gradientNorm, 180),
    chart("pairs per second", ({ pairsPerSecond }) => pairsPerSecond, 180),
  ].join("\n");
}

function metricCharts(evaluations: readonly Of<"evaluation">[], tasks: readonly TaskSize[]): string {
  const names = inOrder(Object.keys(evaluations[0]?.metrics ?? {}), tasks);
  const charts = names.map((name) => metricChart(evaluations, name));
  return charts.length === 0 ? "" : `<h2>Metrics over the steps</h2>${folded(charts, "curves")}`;
}

function metricChart(evaluations: readonly Of<"evaluation">[], name: string): string {
  const lastStep = Math.max(evaluations.at(-1)?.step ?? 0, 1);
  const level = (label: string, value: number | undefined): Series[] => {
    if (value === undefined) return [];
    const points = [0, lastStep].map((step) => [step, value] as const);
    return [{ name: label, points, dashed: true }];
  };
  const series: Series[] = [
    { name, points: evaluations.map(({ step, metrics }) => [step, metrics[name] ?? Number.NaN]) },
    ...level("teacher", evaluations[0]?.teacher?.[name]),
    ...level("BM25", evaluations[0]?.bm25[name]),
    ...level("chance", evaluations[0]?.chance[name]),
  ];
  return lineChart(series, { title: name, xLabel: "step", height: 240 });
}
