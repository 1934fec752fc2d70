import { studentFromLayers, studentInTeachersSpace, wordRowsFrom } from "@kindred/distillation";
import { ConfigError } from "@kindred/errors";
import { openModelFolder } from "@kindred/model-folder/node";
import { flagName } from "@kindred/options";
import { endsNormalized, sentenceDimension } from "@kindred/pooling";
import { loadedModel, newModel, type TrainableModel, type TrainConfig } from "@kindred/trainer";
import type { DistillConfig } from "./distill-config.ts";

/** Options of training that say of a new model what it is; the student's folder says it once that is there. */
const sizeOptions = ["hiddenSize", "numHiddenLayers", "numAttentionHeads", "intermediateSize", "pooling"];

export function withoutSizes(training: DistillConfig["training"]): { readonly [name: string]: unknown } {
  return Object.fromEntries(Object.entries(training).filter(([name]) => !sizeOptions.includes(name)));
}

/** The student as it begins, and what of the teacher's words it keeps if they were brought to its width. */
export async function studentOf(
  { student: given, layers, words, training, dimension: asked }: DistillConfig,
  sizes: TrainConfig,
  teacherFolder: string,
): Promise<{ readonly student: TrainableModel; readonly share?: number }> {
  const ways = [given === "" ? [] : ["student"], layers === "" ? [] : ["layers"]].flat();
  const named = sizeOptions.find((name) => training[name] !== undefined);
  const [first, other = ways.length > 0 ? named : undefined] = ways;
  if (first !== undefined && other !== undefined)
    throw new ConfigError(
      `distill: the student is said twice. Got ${flagName(first)} and ${flagName(other)}, expected one of them. Leave the other out.`,
      { key: other },
    );
  const loaded = await loadedModel({ ...sizes, model: teacherFolder }, await openModelFolder(teacherFolder));
  const most = sentenceDimension(loaded.modules);
  const dimension = asked ?? most;
  if (dimension > most)
    throw new ConfigError(
      `distill: the teacher's vectors are shorter. Got dimension ${dimension}, expected at most ${most}. Leave --dimension out, or lower it.`,
      { key: "dimension" },
    );
  const space = { dimension, normalized: asked !== undefined || endsNormalized(loaded.modules) };
  const inSpace = (student: TrainableModel) => studentInTeachersSpace(sizes, student, space);
  if (given !== "")
    return { student: inSpace(await loadedModel({ ...sizes, model: given }, await openModelFolder(given))) };
  if (layers !== "") return { student: inSpace(studentFromLayers(sizes, loaded, layers.split(",").map(Number))) };
  const modelType = String(loaded.encoder.configJson()["model_type"]);
  const made = newModel({ ...sizes, modelType }, loaded.tokenizer);
  if (words === "random") return { student: inSpace(made) };
  const { student, share } = await wordRowsFrom(loaded, made);
  return { student: inSpace(student), share };
}
