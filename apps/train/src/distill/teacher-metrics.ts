import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { writeFileAtomic } from "@kindred/files/node";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { evaluateTasks, type EvaluationTask, metricNames, type Metrics } from "@kindred/trainer";

/** What the teacher reaches by its own vectors: measured once, then read. */
export async function teacherMetrics(
  tasks: readonly EvaluationTask[],
  {
    load,
    file,
    maxLength,
  }: { readonly load: () => Promise<SentenceEncoder>; readonly file: string; readonly maxLength: number },
): Promise<Metrics> {
  const judged = tasks.filter(({ name }) => name !== "held_out"); // there it looks for its own vectors
  if (judged.length === 0) return {};
  const names = metricNames(judged);
  if (existsSync(file)) {
    const stored: Metrics = JSON.parse(await readFile(file, "utf8"));
    if (names.every((name) => typeof stored[name] === "number")) return stored;
  }
  await using encoder = await load();
  const { metrics } = await evaluateTasks(judged, (texts) => encoder.encode(texts, { maxLength }));
  await writeFileAtomic(file, `${JSON.stringify(metrics)}\n`);
  return metrics;
}
