import { metricSummaries, type TrainEvent } from "@kindred/trainer";

/**
 * The README.md of a trained model: front matter that model hubs read, what it was trained on, and how well it does, from the events
 * of its run. `maxSeqLength` is the model's limit of tokens.
 *
 * @example
 * ```ts
 * import { modelCard } from "@kindred/run-report";
 *
 * const evaluation = { type: "evaluation", step: 0, metrics: { qa: 0.25 }, bm25: {}, chance: {}, seconds: 1 } as const;
 * modelCard([evaluation], { maxSeqLength: 128 }).includes("| qa | 0.2500 | 0.2500 |  |"); // => true
 * ```
 */
export function modelCard(events: readonly TrainEvent[], { maxSeqLength }: { readonly maxSeqLength: number }): string {
  const summaries = events.flatMap((event) => (event.type === "data" ? [event.sources] : [])).at(-1) ?? [];
  const start = events.filter((event) => event.type === "start").at(-1);
  const rows = summaries.reduce((sum, source) => sum + (source.rows ?? 0), 0);
  const number = (value: number | undefined) => (value === undefined ? "" : value.toFixed(4));
  const scores = Object.entries(metricSummaries(events)).map(
    ([name, { before, after, bm25 }]) => `| ${cell(name)} | ${number(before)} | ${number(after)} | ${number(bm25)} |`,
  );
  const data = summaries.map(
    ({ name, share, rows: count }) => `| ${cell(name)} | ${count ?? "streamed"} | ${(100 * share).toFixed(1)} % |`,
  );
  const base = start === undefined ? undefined : hubModel(start.config.model);
  return `---
${base === undefined ? "" : `base_model: ${base.id}\n`}library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- sentence-transformers
- sentence-similarity
- feature-extraction
- dataset_size:${rows}
${start === undefined ? "- loss:unknown" : lossTags(start.loss).join("\n")}
---

# A sentence encoder trained with Kindred

${start === undefined ? "" : recipe(start)}At most ${maxSeqLength} tokens of a text are read.

\`\`\`
npx kindred-encode --model . "He bought a new car" "She purchased an automobile" "The soup was too salty" --similarity
\`\`\`

| training data | rows | share of the draws |
| --- | --- | --- |
${data.join("\n")}

| held-out metric | before | after | BM25 |
| --- | --- | --- | --- |
${scores.join("\n")}
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
  "embedding-distillation": "EmbedDistillLoss",
  "margin-mse": "MarginMSELoss",
  "score-matching": "DistillKLDivLoss",
};

type NamedLoss = Extract<TrainEvent, { type: "start" }>["loss"];

/** A loss, and the one inside it. */
function lossTags({ name, options }: NamedLoss): string[] {
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
  return text.replaceAll(/[\\`*[\]|<>&~]/g, (character) => `&#${character.codePointAt(0)};`).replaceAll(/\s+/g, " ");
}

/** The same as code. */
function code(text: string): string {
  return `<code>${cell(text)}</code>`;
}

function recipe({ config, loss, optimizer }: Extract<TrainEvent, { type: "start" }>): string {
  const { model, stopAt, maxSteps, batchSize, learningRate } = config;
  const base = hubModel(model);
  const from =
    base === undefined
      ? code(model)
      : `[${base.id}](https://huggingface.co/${base.id}), revision ${code(base.revision)}`;
  const origin = model === "" ? "Trained from random initialisation" : `Fine-tuned from ${from}`;
  const settings = Object.entries(loss.options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const named = `the ${loss.name} loss${settings.length === 0 ? "" : ` (${settings.join(", ")})`}`;
  return `${origin}: ${stopAt || maxSteps} steps of ${batchSize} pairs, ${named}, ${optimizer.name === "adamw" ? "AdamW" : optimizer.name} at ${learningRate}.\n`;
}
