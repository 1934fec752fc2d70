import { contrastive, type ContrastiveOptions, gist, type GistOptions, symmetric } from "@kindred/contrastive-loss";
import {
  distillation,
  type DistillationOptions,
  embeddingDistillation,
  type EmbeddingDistillationOptions,
  marginMse,
  type MarginMseOptions,
  scoreMatching,
  type ScoreMatchingOptions,
} from "@kindred/distillation-losses";
import type { Distance, Loss } from "@kindred/loss";
import {
  angle,
  type AngleOptions,
  batchHardTriplet,
  type BatchHardTripletOptions,
  cosent,
  cosineSimilarity,
  onlineContrastive,
  type OnlineContrastiveOptions,
  pairContrastive,
  triplet,
} from "@kindred/pair-losses";

type Options = ContrastiveOptions &
  GistOptions &
  AngleOptions &
  OnlineContrastiveOptions &
  BatchHardTripletOptions &
  EmbeddingDistillationOptions &
  DistillationOptions &
  ScoreMatchingOptions;

/** What a loss is made from: its options that were given, the length of the model's vectors, and the teacher's folder if there is one. */
export type LossChoice = Omit<Options, "distance" | "targets"> & {
  readonly distance?: Distance | "mse";
  readonly targets?: NonNullable<MarginMseOptions["targets"]>;
  readonly teacher?: string;
};

/** The options of a run that losses are made from, by the names that losses have for them. */
export type LossOption = Exclude<keyof LossChoice, "dimension" | "teacher">;

type BuiltInLoss = {
  /** A method, as each loss takes values of its own alone and refuses others. */
  make(choice?: LossChoice): Loss;
  readonly takes: readonly (keyof LossChoice)[];
};

const inBatch = ["scale", "similarity", "equalTexts", "hardnessMode", "hardnessStrength"] as const;

/** The name of a loss that options can choose. */
export type LossName =
  | "contrastive"
  | "symmetric"
  | "gist"
  | "cosent"
  | "angle"
  | "cosine-similarity"
  | "online-contrastive"
  | "pair-contrastive"
  | "triplet"
  | "batch-hard-triplet"
  | "distillation"
  | "embedding-distillation"
  | "margin-mse"
  | "score-matching";

/** The losses that options can choose, in the order in which messages advise them. */
export const builtInLosses: { readonly [name in LossName]: BuiltInLoss } = {
  contrastive: { make: contrastive, takes: [...inBatch, "direction", "directions", "partition"] },
  symmetric: { make: symmetric, takes: inBatch },
  gist: {
    make: gist,
    takes: ["scale", "margin", "marginStrategy", "contrastAnchors", "contrastPositives", "equalTexts"],
  },
  cosent: { make: cosent, takes: ["scale", "similarity"] },
  angle: { make: angle, takes: ["scale", "negatives"] },
  "cosine-similarity": { make: cosineSimilarity, takes: [] },
  "online-contrastive": { make: onlineContrastive, takes: ["distance", "margin", "reduction"] },
  "pair-contrastive": { make: pairContrastive, takes: ["distance", "margin"] },
  triplet: { make: triplet, takes: ["distance", "margin"] },
  "batch-hard-triplet": { make: batchHardTriplet, takes: ["distance", "margin", "edge"] },
  distillation: {
    make: distillation,
    takes: ["distance", "scale", "teacherScale", "scoreWeight", "dimension"],
  },
  "embedding-distillation": { make: embeddingDistillation, takes: ["distance", "projection", "dimension"] },
  "margin-mse": { make: (choice) => marginMse(byTeacher(choice)), takes: ["similarity", "targets", "teacher"] },
  "score-matching": {
    make: (choice) => scoreMatching(byTeacher(choice) as ScoreMatchingOptions), // which refuses targets that it has not
    takes: ["similarity", "targets", "scale", "teacherScale", "teacher"],
  },
};

/** Where there is a teacher, what it finds is what is aimed at. */
function byTeacher({ teacher, ...choice }: LossChoice = {}): LossChoice {
  return teacher === undefined ? choice : { targets: "teacher", ...choice };
}
