import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { count, positive, rate, text } from "./option-rules.ts";

/** What a loss learns from other models. */
export const teacherOptions = grouped("Loss", {
  targets: option(
    v.optional(v.picklist(["scores", "margins", "teacher"])),
    undefined,
    "margin-mse, score-matching: whether the data have scores of all candidates or (margin-mse) margins, or a teacher's vectors say them. Default: teacher if there is one, else scores.",
  ),
  teacherScale: option(
    v.optional(positive),
    undefined,
    "distillation, score-matching: factor on the teacher's scores. Default: as scale.",
  ),
  scoreWeight: option(
    v.optional(rate),
    undefined,
    "distillation: what matching the teacher's scores counts for beside the distance to its vectors; 0 = nothing. Default: 1.",
  ),
  projection: option(
    v.optional(count),
    undefined,
    "embedding-distillation: length of the teacher's vectors, into whose space the model's are projected while training. Default: no projection.",
  ),
  guide: option(
    text,
    "",
    "gist: folder of the model that says which texts are no wrong answers; kindred-train also takes an id of the Hugging Face Hub.",
  ),
  teacher: option(
    text,
    "",
    "distillation, embedding-distillation, margin-mse, score-matching: folder of the model to learn from; kindred-train also takes an id of the Hugging Face Hub.",
  ),
  guides: option(
    v.array(text),
    [],
    "Models whose vectors a program's loss asks for by other names, as name=FOLDER. Repeat the flag for several.",
  ),
});
