import type { MetricSummary, NeighbourExample, RunReader, SourceSummary, TrainEvent } from "@kindred/trainer";
import { columnsText, memoryText, overlapLines } from "./data-lines.ts";
import { escapeText, lineChart, type Series } from "./line-chart.ts";

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
 * A run as one self-contained HTML page: its data, loss, rate and metrics as curves, neighbours of real queries, and the whole
 * configuration. No script, no address outside the page.
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
  const steps = of("step");
  const title = `Kindred run ${start?.output ?? ""}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #111827; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #e5e7eb; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } svg { width: 100%; height: auto; } code, pre { font-size: .85rem; } pre { overflow-x: auto; background: #f9fafb; padding: .8rem; }
</style></head><body>
<h1>${escapeText(title)}</h1>
<p>${summaryText(start, done)}</p>
${done === undefined ? "" : metricsTable(done.metrics)}
<h2>Loss</h2>
${passesNote(of("data").at(-1)?.sources ?? [], start)}
${lineChart([{ name: "loss", points: steps.map(({ step, loss }) => [step, loss]) }], { title: "training loss", xLabel: "step" })}
${metricCharts(of("evaluation"))}
<h2>Learning rate</h2>
${lineChart([{ name: "learning rate", points: steps.map(({ step, learningRate }) => [step, learningRate]) }], { title: "learning rate", xLabel: "step", height: 200 })}
${neighboursSection(of("examples").at(-1)?.examples ?? [])}
${dataSection(of("data").at(-1))}
<h2>Configuration</h2>
<pre>${escapeText(JSON.stringify(start?.config ?? {}, null, 2))}</pre>
</body></html>
`;
}

function summaryText(start: Of<"start"> | undefined, done: Of<"done"> | undefined): string {
  const size =
    start === undefined
      ? ""
      : `${start.parameters.toLocaleString("en")} parameters on ${start.cores} cores, ${escapeText(start.runtime)}. `;
  if (done === undefined) return `${size}The run has not ended.`;
  return `${size}${done.steps} steps in ${Math.round(done.seconds)} s, final loss ${done.finalLoss.toFixed(4)}.`;
}

/** Where a source is read a second time, which the loss shows: the model knows its rows by then. */
function passesNote(sources: readonly SourceSummary[], start: Of<"start"> | undefined): string {
  if (start === undefined) return "";
  const notes = sources.flatMap(({ name, rows, share }) => {
    const stepsOfPass = rows === undefined ? Number.POSITIVE_INFINITY : rows / (share * start.config.batchSize);
    return stepsOfPass < start.lastStep ? [`${escapeText(name)} from about step ${Math.round(stepsOfPass)}`] : [];
  });
  return notes.length === 0
    ? ""
    : `<p>Read again: ${notes.join(", ")}. The loss of rows seen before is lower; the held-out metrics below are not affected.</p>`;
}

function metricsTable(metrics: { readonly [name: string]: MetricSummary }): string {
  const cell = (value: number | undefined) => `<td class="number">${value === undefined ? "–" : value.toFixed(4)}</td>`;
  const rows = Object.entries(metrics).map(
    ([name, { before, after, bm25, chance }]) =>
      `<tr><td>${escapeText(name)}</td>${cell(before)}${cell(after)}${cell(bm25)}${cell(chance)}</tr>`,
  );
  const head = ["before", "after", "BM25", "chance"].map((name) => `<th class="number">${name}</th>`).join("");
  return `<table><tr><th>metric</th>${head}</tr>${rows.join("")}</table>`;
}

function metricCharts(evaluations: readonly Of<"evaluation">[]): string {
  const names = Object.keys(evaluations[0]?.metrics ?? {});
  const lastStep = evaluations.at(-1)?.step ?? 0;
  return names
    .map((name) => {
      const level = (label: string, value: number | undefined): Series[] =>
        value === undefined
          ? []
          : [
              {
                name: label,
                points: [
                  [0, value],
                  [Math.max(lastStep, 1), value],
                ],
                dashed: true,
              },
            ];
      const series: Series[] = [
        { name, points: evaluations.map(({ step, metrics }) => [step, metrics[name] ?? Number.NaN]) },
        ...level("BM25", evaluations[0]?.bm25[name]),
        ...level("chance", evaluations[0]?.chance[name]),
      ];
      return `<h2>${escapeText(name)}</h2>\n${lineChart(series, { title: name, xLabel: "step" })}`;
    })
    .join("\n");
}

function neighboursSection(examples: readonly NeighbourExample[]): string {
  if (examples.length === 0) return "";
  const blocks = examples.map(({ query, answers, neighbours }) => {
    const rows = neighbours.map(({ text, similarity }) => {
      const shown = answers.includes(text) ? `<strong>${escapeText(text)}</strong>` : escapeText(text);
      return `<tr><td class="number">${similarity.toFixed(3)}</td><td>${shown}</td></tr>`;
    });
    return `<p>${escapeText(query)}</p><table>${rows.join("")}</table>`;
  });
  return `<h2>Nearest held-out texts</h2><p>The right answer is bold.</p>${blocks.join("\n")}`;
}

function dataSection(data: Of<"data"> | undefined): string {
  const { sources = [], overlaps = [], memory, warnings = [] } = data ?? {};
  const lines = [
    ...overlapLines(overlaps),
    ...(memory === undefined ? [] : [`Memory, estimated: ${memoryText(memory)}`]),
    ...warnings.map((warning) => `Warning: ${warning}`),
  ];
  return `${sourcesSection(sources)}${lines.map((line) => `<p>${escapeText(line)}</p>`).join("\n")}`;
}

function sourcesSection(sources: readonly SourceSummary[]): string {
  const rows = sources.map((source) => {
    const { name, share, rows, heldOutRows, roles, tokens, truncatedShare, duplicateRows, emptyTexts } = source;
    const numbers = [
      percent(share),
      rows ?? "streamed",
      heldOutRows,
      tokens.mean.toFixed(1),
      tokens.p95,
      percent(truncatedShare),
      duplicateRows,
      emptyTexts,
    ];
    return `<tr><td>${escapeText(name)}</td><td>${escapeText(columnsText(roles))}</td>${numbers.map((value) => `<td class="number">${value}</td>`).join("")}</tr>`;
  });
  const head = ["share", "rows", "held out", "mean tokens", "95 %", "truncated", "duplicates", "empty"].map(
    (name) => `<th class="number">${name}</th>`,
  );
  return `<h2>Data</h2><table><tr><th>name</th><th>columns</th>${head.join("")}</tr>${rows.join("")}</table>`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
