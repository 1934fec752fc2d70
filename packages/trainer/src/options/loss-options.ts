import { grouped, option } from "@kindred/options";
import * as v from "valibot";
import { builtInLosses, type LossName } from "../built-in-losses.ts";
import { numberList, positive } from "./option-rules.ts";

/** The losses that options can choose, in the order in which messages advise them. */
export const lossNames = Object.keys(builtInLosses) as [LossName, ...LossName[]]; // its keys are those

/** Which loss, and its own numbers. */
export const lossOptions = grouped("Loss", {
  loss: option(
    v.picklist(lossNames),
    "contrastive",
    "What is made small. Data that it does not fit are refused, with the losses that take them; docs/choose-a-loss.md says what each is for.",
  ),
  scale: option(
    v.optional(positive),
    undefined,
    "Factor on similarities, 1 / temperature, of contrastive, symmetric, cosent, angle (default 20), gist (100), distillation (20) and score-matching (1; with a teacher 20).",
  ),
  similarity: option(
    v.optional(v.picklist(["cosine", "dot"])),
    undefined,
    "How contrastive, symmetric, cosent, margin-mse and score-matching compare two vectors. Default: cosine; of the last two dot, score-matching with a teacher cosine.",
  ),
  direction: option(
    v.optional(v.picklist(["symmetric", "one-way"])),
    undefined,
    "contrastive: find the right text both ways, or for the first column only. Default: both ways for pairs, one-way with negatives.",
  ),
  directions: option(
    v.optional(v.array(v.picklist(["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"]))),
    undefined,
    "contrastive: who looks for whom, instead of direction: queryToDoc and any of queryToQuery, docToQuery, docToDoc. Repeat the flag for several.",
  ),
  partition: option(
    v.optional(v.picklist(["joint", "perDirection"])),
    undefined,
    "contrastive: one softmax over all directions, or the mean of one each. Default: joint.",
  ),
  equalTexts: option(
    v.optional(v.picklist(["leaveOut", "keep"])),
    undefined,
    "contrastive, symmetric, gist: whether a text that equals a row's answer is a wrong answer to it. Default: leaveOut.",
  ),
  hardnessMode: option(
    v.optional(v.picklist(["inBatchNegatives", "hardNegatives", "allNegatives"])),
    undefined,
    "contrastive, symmetric: which wrong answers weigh more the nearer they are: other rows', the row's own, or both. Default: none.",
  ),
  hardnessStrength: option(v.optional(positive), undefined, "How much more, with hardnessMode: 5, say."),
  margin: option(
    v.optional(v.pipe(v.number(), v.finite())),
    undefined,
    "triplet, batch-hard-triplet: how much farther the wrong text should be (default 5); pair-contrastive, online-contrastive: how far (0.5); gist: how far below the right pair's a candidate's cosine must be to the guide (0).",
  ),
  marginStrategy: option(
    v.optional(v.picklist(["absolute", "relative"])),
    undefined,
    "gist: the margin is a difference of cosines, or a part of the right pair's. Default: absolute.",
  ),
  contrastAnchors: option(
    v.optional(v.boolean()),
    undefined,
    "gist: whether other rows' anchors are wrong answers too. Default: yes.",
  ),
  contrastPositives: option(
    v.optional(v.boolean()),
    undefined,
    "gist: whether other rows' positives are wrong answers to a row's positive. Default: yes.",
  ),
  distance: option(
    v.optional(v.picklist(["cosine", "euclidean", "manhattan", "mse"])),
    undefined,
    "triplet, batch-hard-triplet (default euclidean), pair-contrastive, online-contrastive, distillation, embedding-distillation (cosine): how far two vectors are apart. mse is of the last two alone, manhattan of the others but batch-hard-triplet.",
  ),
  negatives: option(
    v.optional(v.boolean()),
    undefined,
    "angle: rows are a text, its match and others that are none, without scores. Default: no.",
  ),
  reduction: option(
    v.optional(v.picklist(["sum", "mean"])),
    undefined,
    "online-contrastive: add the hard pairs up, or divide by the rows of the batch too. Default: sum.",
  ),
  edge: option(
    v.optional(v.picklist(["hard", "soft"])),
    undefined,
    "batch-hard-triplet: what is missing to the margin, or a smooth form of it without margin. Default: hard.",
  ),
  matryoshka: option(
    numberList,
    "",
    "Lengths to which vectors may be cut later, such as 384,128,64: the loss is added up over all of them. Default: the whole length alone.",
  ),
  matryoshkaWeights: option(numberList, "", "Weights of these lengths. Default: 1 each."),
});
