import { join } from "node:path";
import { writeChunks, writeFolderAtomic } from "@kindred/files/node";
import type { DivergedStep } from "@kindred/trainer";

/**
 * Writes `diverged-<step>` into a run's folder: `batch.jsonl`, its rows in a form that can be trained on, and `step.json`, the numbers of
 * the step and what of it is not finite. Gives the path of the batch.
 */
export async function writeDivergedStep(run: string, { rows, ...step }: DivergedStep): Promise<string> {
  const folder = join(run, `diverged-${step.step}`);
  const lines = rows.map(({ texts, scores, label, group, from, place }) => {
    const score = scores?.length === 1 ? scores[0] : scores;
    return { texts, score, label, group, from, line: place?.line };
  });
  // JSON has no NaN and no Infinity: those numbers are told as words.
  const told = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  await writeFolderAtomic(
    folder,
    async (temporary) => {
      await write(join(temporary, "batch.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
      await write(join(temporary, "step.json"), `${JSON.stringify(step, told, 2)}\n`);
    },
    { replace: true },
  );
  return join(folder, "batch.jsonl");
}

function write(file: string, text: string): Promise<unknown> {
  return writeChunks(file, [new TextEncoder().encode(text)]);
}
