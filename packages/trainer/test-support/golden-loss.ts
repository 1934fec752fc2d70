import { contrastive, type Direction, gist, type HardnessMode, symmetric } from "@kindred/contrastive-loss";
import { embeddingDistillation, marginMse, scoreMatching } from "@kindred/distillation-losses";
import { type Distance, type Loss, type LossShareOptions, matryoshka } from "@kindred/loss";
import {
  angle,
  batchHardTriplet,
  cosent,
  cosineSimilarity,
  onlineContrastive,
  pairContrastive,
  triplet,
} from "@kindred/pair-losses";
import { type GoldenTensor, readGoldenTensors, readJson, sharedPath } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";

/** A case of a golden set of losses, as Python wrote it. */
export type GoldenCase = {
  readonly loss: string;
  readonly columns: readonly string[];
  readonly options: { readonly [name: string]: unknown };
  /** The name of a tensor of labels or scores. */
  readonly label: string | null;
  /** The group of tensors that are the teacher's vectors. */
  readonly teacher?: string | null;
  readonly modelNormalizes: boolean;
  readonly value: number;
};

/** A golden set: its cases and tensors by name. */
export type GoldenSet = {
  readonly cases: { readonly [name: string]: GoldenCase };
  readonly tensors: ReadonlyMap<string, GoldenTensor>;
};

export function goldenSet(name: string): GoldenSet {
  const { cases } = readJson<Pick<GoldenSet, "cases">>(sharedPath("golden", name, "cases.json"));
  return { cases, tensors: readGoldenTensors(sharedPath("golden", name, "tensors.safetensors")) };
}

const camel = (name: string) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
const similarity = (name: unknown) => (`${name}`.startsWith("dot") ? "dot" : "cosine");

/** Our loss for a class of sentence-transformers and its options, cached or not. */
export function goldenLoss(
  { loss, options, label, columns, teacher }: GoldenCase,
  { cases, tensors }: GoldenSet,
): Loss {
  const given = <Value>(name: string, as: (value: never) => Value, to = name) =>
    options[name] === undefined || options[name] === null ? {} : { [to]: as(options[name] as never) };
  const number = (value: number) => value;
  const distance = given("distance", (name: Distance) => name);
  switch (loss.replace(/^Cached/, "")) {
    case "MultipleNegativesRankingLoss":
      return contrastive({
        directions: ["queryToDoc"],
        equalTexts: "keep",
        ...given("directions", (names: string[]) => names.map((name) => camel(name) as Direction)),
        ...given("partition_mode", (mode) => (mode === "per_direction" ? "perDirection" : "joint"), "partition"),
        ...given("scale", number),
        ...given("similarity_fct", similarity, "similarity"),
        ...given("hardness_mode", (mode) => camel(mode) as HardnessMode, "hardnessMode"),
        ...given("hardness_strength", number, "hardnessStrength"),
      });
    case "MultipleNegativesSymmetricRankingLoss":
      return symmetric({ equalTexts: "keep" });
    case "MatryoshkaLoss": {
      const inner = goldenLoss(cases[options["base"] as string]!, { cases, tensors });
      return matryoshka(
        inner,
        options["matryoshka_dims"] as number[],
        (options["matryoshka_weights"] ?? undefined) as number[] | undefined,
      );
    }
    case "GISTEmbedLoss":
      return gist({
        equalTexts: "keep",
        ...given("temperature", (temperature: number) => 1 / temperature, "scale"),
        ...given("margin", number),
        ...given("margin_strategy", (name: "absolute") => name, "marginStrategy"),
        ...given("contrast_anchors", (yes: boolean) => yes, "contrastAnchors"),
        ...given("contrast_positives", (yes: boolean) => yes, "contrastPositives"),
      });
    case "CoSENTLoss":
      return cosent({ ...given("scale", number), ...given("similarity_fct", similarity, "similarity") });
    case "AnglELoss":
      return angle({ ...given("scale", number), negatives: label === null });
    case "CosineSimilarityLoss":
      return cosineSimilarity();
    case "TripletLoss":
      return triplet({
        ...given("distance_metric", (name: Distance) => name, "distance"),
        ...given("triplet_margin", number, "margin"),
      });
    case "ContrastiveLoss":
      return pairContrastive({ ...distance, ...given("margin", number) });
    case "OnlineContrastiveLoss":
      return onlineContrastive({ ...distance, ...given("margin", number) });
    case "BatchHardTripletLoss":
      return batchHardTriplet({ ...distance, ...given("margin", number) } as object);
    case "BatchHardSoftMarginTripletLoss":
      return batchHardTriplet({ ...distance, edge: "soft" } as object);
    case "EmbedDistillLoss":
    case "MSELoss": {
      const { distance_metric: metric = "mse", projection_dim: projection } = options;
      return embeddingDistillation({
        distance: metric === "l2" ? "euclidean" : (metric as "mse"),
        ...(projection !== undefined && {
          projection: projection as number,
          dimension: tensors.get(`input.${columns[0]}`)!.shape[1]!,
        }),
      });
    }
    case "MarginMSELoss":
      return marginMse({
        ...given("similarity_fct", similarity, "similarity"),
        targets: label?.startsWith("margins") ? "margins" : "scores",
      });
    case "DistillKLDivLoss": {
      const {
        temperature = 1,
        student_temperature: own = temperature,
        teacher_temperature: theirs = temperature,
      } = options;
      return scoreMatching({
        ...given("similarity_fct", similarity, "similarity"),
        scale: 1 / (own as number),
        teacherScale: 1 / (theirs as number),
      });
    }
    default:
      throw new Error(`goldenLoss: no loss of ours for ${loss}, ${teacher}`);
  }
}

/** The data of a case's batch: labels and scores by one name, vectors of guide and teacher, weights of the loss's own. */
export function goldenData(
  { label, columns, teacher }: GoldenCase,
  { tensors }: GoldenSet,
): LossShareOptions & { readonly parameters: { readonly [name: string]: tf.Tensor } } {
  const labels = label === null ? undefined : tensors.get(`label.${label}`)!.values;
  const vectorsOf = (group: string) =>
    columns.flatMap((column) => {
      const { values, shape } = tensors.get(`${group}.${column}`) ?? {};
      return values === undefined ? [] : [{ embeddings: Float32Array.from(values), dimension: shape![1]! }];
    });
  const projection = teacher === "wide" ? (["weight", "bias"] as const) : [];
  return {
    ...(labels && { scores: Float32Array.from(labels), labels: Int32Array.from(labels) }),
    vectors: { guide: vectorsOf("guide"), teacher: vectorsOf(teacher ?? "teacher") },
    parameters: Object.fromEntries(
      projection.map((name) => {
        const { values, shape } = tensors.get(`projection.${name}`)!;
        return [`projection.${name}`, tf.tensor(Float32Array.from(values), [...shape])];
      }),
    ),
  };
}
