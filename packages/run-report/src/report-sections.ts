import type { HeldOutExamples, NeighbourExample, SourceSummary, TrainEvent } from "@kindred/trainer";
import { barChart } from "./bar-chart.ts";
import { columnsText, memoryText, overlapLines } from "./data-lines.ts";
import { diagonalMeans, heatMap, rangeOf } from "./heat-map.ts";
import { escapeText } from "./line-chart.ts";

type Of<Type extends TrainEvent["type"]> = Extract<TrainEvent, { type: Type }>;

/** More rows or charts than so many are folded away. */
const mostShown = 8;

/** How parts are put together, and how many are shown. */
type FoldOptions = { readonly join?: (parts: readonly string[]) => string; readonly most?: number };

/** The first ones, and the rest behind a line to click on. */
export function folded(
  parts: readonly string[],
  what: string,
  { join = (some) => some.join("\n"), most = mostShown }: FoldOptions = {},
): string {
  const rest = parts.slice(most);
  const more =
    rest.length === 0 ? "" : `<details><summary>${rest.length} more ${what}</summary>${join(rest)}</details>`;
  return `${join(parts.slice(0, most))}${more}`;
}

/** Held-out pairs and queries as the model saw them before training and sees them now, side by side. */
export function heldOutSection(all: readonly Of<"examples">[], done: Of<"done"> | undefined): string {
  const first = all[0];
  const loaded = done?.best?.loaded === true ? all.findLast(({ step }) => step === done.best?.step) : undefined;
  const last = loaded ?? all.at(-1);
  if (first === undefined || last === undefined) return "";
  const shown = first === last ? [last] : [first, last];
  const headings =
    first === last ? [`at step ${last.step}`] : [`before, step ${first.step}`, `after, step ${last.step}`];
  return `<h2>Similarities of held-out pairs</h2>
<p class="small">A row for each query, a column for each answer, the darker the more alike: right answers stand on the diagonal, framed. Rest the pointer on a cell for its texts.</p>
<div class="pair">${shown.map((one, i) => snapshotBlock(one, rangeOf(shown.map(({ snapshot }) => snapshot)), headings[i] ?? "")).join("")}</div>
<h2>Nearest held-out texts</h2><p class="small">The right answer is bold.</p>
${last.examples.map((example) => neighbourBlock(example, shown, headings)).join("\n")}`;
}

function snapshotBlock({ snapshot }: HeldOutExamples, range: readonly [number, number], heading: string): string {
  const { right, wrong } = diagonalMeans(snapshot);
  return `<div><h3>${heading}</h3>${heatMap(snapshot, range, `similarities ${heading}`)}<p class="small">Right answers ${right.toFixed(3)} on average, others ${Number.isNaN(wrong) ? "–" : wrong.toFixed(3)}.</p></div>`;
}

function neighbourBlock(
  { query }: NeighbourExample,
  shown: readonly HeldOutExamples[],
  headings: readonly string[],
): string {
  const tables = shown.map(({ examples }, i) => {
    const { answers = [], neighbours = [] } = examples.find((example) => example.query === query) ?? {};
    const rows = neighbours.map(({ text, similarity }) => {
      const marked = answers.includes(text) ? `<strong>${escapeText(text)}</strong>` : escapeText(text);
      return `<tr><td class="number">${similarity.toFixed(3)}</td><td>${marked}</td></tr>`;
    });
    return `<div><h3>${headings[i] ?? ""}</h3><table>${rows.join("")}</table></div>`;
  });
  return `<blockquote>${escapeText(query)}</blockquote><div class="pair">${tables.join("")}</div>`;
}

/** More data sets than so many have their lengths folded away. */
const mostHistograms = 4;

/** What is trained on: sizes, and how long the texts are; what it shares with what is evaluated on, and the memory that it takes. */
export function dataSection(data: Of<"data"> | undefined, maxSeqLength: number | undefined): string {
  if (data === undefined) return "";
  const { sources, overlaps, memory } = data;
  const lines = [
    ...overlapLines(overlaps),
    ...(memory === undefined ? [] : [`Memory, estimated: ${memoryText(memory)}`]),
  ];
  const rows = sources.map((source) => {
    const { name, share, rows, heldOutRows, roles, tokens, truncatedShare, duplicateRows, emptyTexts } = source;
    const numbers = [
      percent(share),
      rows?.toLocaleString("en") ?? "streamed",
      heldOutRows.toLocaleString("en"),
      tokens.mean.toFixed(1),
      tokens.p95,
      percent(truncatedShare),
      duplicateRows.toLocaleString("en"),
      emptyTexts.toLocaleString("en"),
    ];
    return `<tr><td>${escapeText(name)}</td><td>${escapeText(columnsText(roles))}</td>${numbers.map((value) => `<td class="number">${value}</td>`).join("")}</tr>`;
  });
  const head = ["share", "rows", "held out", "mean tokens", "95 %", "truncated", "duplicates", "empty"].map(
    (name) => `<th class="number">${name}</th>`,
  );
  const histograms = sources.map((source) => lengthChart(source, maxSeqLength));
  return `<h2>Data</h2><div class="scroll"><table class="data"><tr><th>name</th><th>columns</th>${head.join("")}</tr>${rows.join("")}</table></div>
${lines.map((line) => `<p>${escapeText(line)}</p>`).join("\n")}
${folded(histograms, "data sets", { most: mostHistograms })}`;
}

function lengthChart({ name, tokens: { histogram = [] } }: SourceSummary, maxSeqLength: number | undefined): string {
  if (histogram.length === 0) return "";
  const bars = histogram.map(({ from, to, texts }) => ({
    label: from === to ? String(from) : `${from}–${to}`,
    value: texts,
    ...(maxSeqLength !== undefined && from > maxSeqLength && { isMarked: true }),
  }));
  const cut = bars.some(({ isMarked }) => isMarked) ? ", red: longer than what is read" : "";
  return barChart(bars, { title: `${name}: tokens of a text, of a sample${cut}`, xLabel: "tokens" });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
