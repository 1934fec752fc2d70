import type { MetricSummary, SourceSummary } from "./train-event.ts";
import type { TrainConfig } from "./train-options.ts";

/** What a model card tells of the run. */
export type CardFacts = {
  readonly config: TrainConfig;
  readonly model: { readonly settings: { readonly maxSeqLength: number } };
  readonly summaries: readonly SourceSummary[];
};

/** The README.md of a trained model: front matter that model hubs read, what it was trained on, and how well it does. */
export function modelCard(
  { config, model, summaries }: CardFacts,
  metrics: { readonly [name: string]: MetricSummary },
): string {
  const rows = summaries.reduce((sum, source) => sum + (source.rows ?? 0), 0);
  const number = (value: number | undefined) => (value === undefined ? "" : value.toFixed(4));
  const scores = Object.entries(metrics).map(
    ([name, { before, after, bm25 }]) => `| ${name} | ${number(before)} | ${number(after)} | ${number(bm25)} |`,
  );
  const data = summaries.map(
    ({ name, share, rows: count }) => `| ${name} | ${count ?? "streamed"} | ${(100 * share).toFixed(1)} % |`,
  );
  return `---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
tags:
- sentence-transformers
- sentence-similarity
- feature-extraction
- dataset_size:${rows}
- loss:MultipleNegativesRankingLoss
---

# A sentence encoder trained with Kindred

${config.model === "" ? "Trained from random initialisation" : `Fine-tuned from \`${config.model}\``}: ${config.stopAt || config.maxSteps} steps of ${config.batchSize} pairs, in-batch softmax
contrastive loss with scale ${config.scale}, AdamW at ${config.learningRate}, at most ${model.settings.maxSeqLength} tokens of a text.

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
