import { metricSummaries, type TaskSize, type TrainEvent } from "@kindred/trainer";
import { coresText } from "./data-lines.ts";
import { measuredBy } from "./evaluation-lines.ts";
import { trainCommand } from "./train-command.ts";

/** What a card says that the events do not. */
export type ModelCardOptions = {
  /** The model's limit of tokens. */
  readonly maxSeqLength: number;
  /** The version of Kindred that trained it. Default: it is not named. */
  readonly version?: string | undefined;
  /** The file of the run's program, for the command. Default: it had none. */
  readonly program?: string | undefined;
};

/**
 * The README.md of a trained model: front matter that model hubs read, what it was trained on and how, with which versions and by which command, and
 * how well it does, from the events of its run.
 *
 * @example
 * ```ts
 * import { modelCard } from "@kindred/run-report";
 *
 * const evaluation = { type: "evaluation", step: 0, metrics: { qa: 0.25 }, bm25: {}, chance: {}, seconds: 1 } as const;
 * modelCard([evaluation], { maxSeqLength: 128 }).includes("| qa | 0.2500 | 0.2500 |  |"); // => true
 * ```
 */
export function modelCard(events: readonly TrainEvent[], { maxSeqLength, version, program }: ModelCardOptions): string {
  const of = <Type extends TrainEvent["type"]>(type: Type) =>
    events.filter((event): event is Extract<TrainEvent, { type: Type }> => event.type === type);
  const { sources = [], tasks = [] } = of("data").at(-1) ?? {};
  const start = of("start").at(-1);
  const best = start?.config.loadBestModelAtEnd === true ? of("best").at(-1) : undefined;
  const summaries = Object.entries(metricSummaries(events, best?.step));
  const rows = sources.reduce((sum, source) => sum + (source.rows ?? 0), 0);
  const number = (value: number | undefined) => (value === undefined ? "" : value.toFixed(4));
  const scores = summaries.map(
    ([name, { before, after, bm25, chance }]) =>
      `| ${cell(name)} | ${number(before)} | ${number(after)} | ${number(bm25)} | ${number(chance)} | ${measuredBy(name, tasks) ?? ""} |`,
  );
  const data = sources.map(
    ({ name, share, rows: count }) => `| ${cell(name)} | ${count ?? "streamed"} | ${(100 * share).toFixed(1)} % |`,
  );
  const base = start === undefined ? undefined : hubModel(start.config.teacher || start.config.model);
  const values = new Map(summaries.map(([name, { after }]) => [name, after]));
  return `---
${base === undefined ? "" : `base_model: ${base.id}\n`}library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- sentence-transformers
- sentence-similarity
- feature-extraction
- generated_from_trainer
- dataset_size:${rows}
${start === undefined ? "- loss:unknown" : lossTags(start.loss).join("\n")}
${modelIndex(tasks, values)}---

# A sentence encoder trained with Kindred

${start === undefined ? "" : recipe(start)}${best === undefined ? "" : `The model is that of step ${best.step}, the best by ${code(best.metric)}.\n`}At most ${maxSeqLength} tokens of a text are read.

\`\`\`
npx kindred-encode --model . "He bought a new car" "She purchased an automobile" "The soup was too salty" --similarity
\`\`\`

| training data | rows | share of the draws |
| --- | --- | --- |
${data.join("\n")}

| held-out metric | before | after | BM25 | chance | measured by |
| --- | --- | --- | --- | --- | --- |
${scores.join("\n")}
${start === undefined ? "" : provenance(start, { version, program })}`;
}

/** The metrics' own names, and the results that model hubs list, as sentence-transformers' cards have them. */
function modelIndex(tasks: readonly TaskSize[], values: ReadonlyMap<string, number>): string {
  const results = tasks.flatMap(({ name, evaluator, metrics }) => {
    const measured = metrics.flatMap((metric) => {
      const value = values.get(metric);
      return value === undefined || !Number.isFinite(value) ? [] : [{ metric: metric.slice(name.length + 1), value }];
    });
    return measured.length === 0 ? [] : [{ name, kind: kinds[evaluator] ?? evaluator, measured }];
  });
  if (results.length === 0) return "";
  const text = (value: string) => JSON.stringify(value); // which YAML reads as it is
  const names = new Set(results.flatMap(({ measured }) => measured.map(({ metric }) => metric)));
  const lines = results.flatMap(({ name, kind, measured }) => [
    "  - task:",
    `      type: ${text(kind)}`,
    "    dataset:",
    `      name: ${text(name)}`,
    '      type: "unknown"',
    "    metrics:",
    ...measured.flatMap(({ metric, value }) => [`    - type: ${text(metric)}`, `      value: ${value}`]),
  ]);
  return `metrics:\n${[...names].map((name) => `- ${text(name)}\n`).join("")}model-index:\n- name: "A sentence encoder trained with Kindred"\n  results:\n${lines.join("\n")}\n`;
}

/** What model hubs call what an evaluator measures. */
const kinds: { readonly [evaluator: string]: string } = {
  retrieval: "information-retrieval",
  sts: "semantic-similarity",
  triplet: "triplet",
  paraphrase: "binary-classification",
  "one-of-100": "response-selection",
};

/** With what it was trained, and how to train it again. */
function provenance(
  start: Extract<TrainEvent, { type: "start" }>,
  { version, program }: Pick<ModelCardOptions, "version" | "program">,
): string {
  const kindred = version === undefined ? "" : `Kindred ${version}, `;
  return `
Trained with ${kindred}${cell(start.runtime)}, on ${coresText(start)}, by

<pre><code>${cell(trainCommand(start.config, program))}</code></pre>
`;
}

/** What sentence-transformers calls the losses that it has too: model hubs search for these. */
const classes: { readonly [loss: string]: string } = {
  matryoshka: "MatryoshkaLoss",
  contrastive: "MultipleNegativesRankingLoss",
  symmetric: "MultipleNegativesSymmetricRankingLoss",
  gist: "GISTEmbedLoss",
  cosent: "CoSENTLoss",
  angle: "AnglELoss",
  "cosine-similarity": "CosineSimilarityLoss",
  "pair-contrastive": "ContrastiveLoss",
  "online-contrastive": "OnlineContrastiveLoss",
  triplet: "TripletLoss",
  "batch-hard-triplet": "BatchHardTripletLoss",
  distillation: "EmbedDistillLoss",
  "embedding-distillation": "EmbedDistillLoss",
  "margin-mse": "MarginMSELoss",
  "score-matching": "DistillKLDivLoss",
};

type NamedLoss = Extract<TrainEvent, { type: "start" }>["loss"];

/** A loss, and the one inside it. A program's own has its own name, though it may be called as one of Kindred's. */
function lossTags({ name, options, isOwn }: NamedLoss): string[] {
  if (isOwn === true) return [`- ${JSON.stringify(`loss:${name}`)}`];
  const inner = options["loss"] as NamedLoss | undefined; // matryoshka names the loss that it is around so
  return [`- loss:${classes[name] ?? name}`, ...(inner === undefined ? [] : lossTags(inner))];
}

/** The model that `owner/name@<commit>` names on the Hugging Face Hub; undefined for a folder. */
function hubModel(model: string): { readonly id: string; readonly revision: string } | undefined {
  const [, id, revision] = /^([\w.-]+(?:\/[\w.-]+)?)@([0-9a-f]{40})$/.exec(model) ?? [];
  return id === undefined || revision === undefined ? undefined : { id, revision };
}

/** A text of somebody else's in the middle of Markdown, in a table say: it shows as it is, and breaks nothing. */
function cell(text: string): string {
  const marks = /[\\`*[\]|<>&~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu; // between letters _ is none
  return text.replaceAll(marks, (character) => `&#${character.codePointAt(0)};`).replaceAll(/\s+/g, " ");
}

/** The same as code. */
function code(text: string): string {
  return `<code>${cell(text)}</code>`;
}

/** A model as a link to the hub that it is from, or as the folder that it was. */
function linked(model: string): string {
  const base = hubModel(model);
  if (base === undefined) return code(model);
  return `[${base.id}](https://huggingface.co/${base.id}), revision ${code(base.revision)}`;
}

function recipe({ config, loss, optimizer }: Extract<TrainEvent, { type: "start" }>): string {
  const { model, teacher, stopAt, maxSteps, batchSize, learningRate, gradientAccumulationSteps: batches = 1 } = config;
  const origin =
    teacher !== ""
      ? `Distilled from ${linked(teacher)}, whose vectors it was trained to give`
      : model === ""
        ? "Trained from random initialisation"
        : `Fine-tuned from ${linked(model)}`;
  const settings = Object.entries(loss.options).map(([name, value]) => `${cell(name)} ${cell(JSON.stringify(value))}`);
  const named = `the ${cell(loss.name)} loss${loss.isOwn === true ? " of a program" : ""}${settings.length === 0 ? "" : ` (${settings.join(", ")})`}`;
  return `${origin}: ${stopAt || maxSteps} steps of ${batches > 1 ? `${batches} batches of ` : ""}${batchSize} pairs, ${named}, ${optimizer.name === "adamw" ? "AdamW" : optimizer.name} at ${learningRate}.\n`;
}
