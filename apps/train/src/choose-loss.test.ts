import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, DataError } from "@kindred/errors";
import { toyPairs } from "@kindred/testing";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { guideFolders, type LossName, lossNames, lossOf, trainConfig } from "@kindred/trainer";
import { beforeAll, describe, expect, test } from "vitest";
import { batchGradients } from "./batch-gradients.ts";
import { train } from "./train.ts";
import { eventsOf, losses, prepare } from "../test-support/toy-training.ts";
import { toyRun } from "../../../packages/trainer/test-support/toy-run.ts";

// Rows of every form that a loss takes.
const other = (i: number) => toyPairs[(i + 7) % toyPairs.length]!;
const forms = {
  pairs: toyPairs.map(([a, b]) => [a, b]),
  triplets: toyPairs.map(([a, b], i) => [a, b, other(i)[1]]),
  scored: toyPairs.map(([a, b], i) => (i % 2 === 0 ? { a, b, score: 1 } : { a, b: other(i)[1], score: 0.25 })),
  labelled: toyPairs.map(([a, b], i) => (i % 2 === 0 ? { a, b, label: 1 } : { a, b: other(i)[1], label: 0 })),
  classes: toyPairs.map((pair, i) => ({ text: pair[0], label: i % 4 })),
  candidates: toyPairs.map(([a, b], i) => ({ a, b, c: other(i)[1], scores: [3, i % 3] })),
  margins: toyPairs.map(([a, b], i) => ({ a, b, c: other(i)[1], score: 1 - (i % 3) / 4 })),
} as const;

const cases: readonly (readonly [
  loss: LossName,
  form: keyof typeof forms,
  options?: { readonly [name: string]: unknown },
])[] = [
  ["contrastive", "triplets", { hardnessMode: "allNegatives", hardnessStrength: 5, scale: 10 }],
  ["symmetric", "pairs", { matryoshka: "16,8", matryoshkaWeights: "1,0.5" }],
  ["gist", "pairs", { guide: "MODEL", scale: 20 }],
  ["gist", "triplets", { guide: "MODEL", margin: 0.1, marginStrategy: "relative", contrastAnchors: false }],
  ["cosent", "scored"],
  ["cosent", "labelled", { matryoshka: "16,4" }],
  ["angle", "scored"],
  ["angle", "triplets", { negatives: true }],
  ["cosine-similarity", "scored"],
  ["online-contrastive", "labelled", { reduction: "mean" }],
  ["pair-contrastive", "labelled", { distance: "euclidean", margin: 1 }],
  ["triplet", "triplets", { distance: "cosine", margin: 0.3 }],
  ["batch-hard-triplet", "classes", { margin: 0.5 }],
  ["embedding-distillation", "pairs", { teacher: "MODEL", distance: "mse" }],
  ["embedding-distillation", "pairs", { teacher: "MODEL", hiddenSize: 8, projection: 16 }],
  ["distillation", "pairs", { teacher: "MODEL", scoreWeight: 0.5 }],
  ["margin-mse", "candidates"],
  ["margin-mse", "margins", { targets: "margins", similarity: "cosine" }],
  ["margin-mse", "triplets", { teacher: "MODEL" }],
  ["score-matching", "candidates", { scale: 2 }],
  ["score-matching", "pairs", { teacher: "MODEL" }],
];

let model = "";
beforeAll(async () => {
  const { folder, options } = toyRun();
  for await (const _ of train(trainConfig({ ...options, maxSteps: 6 })));
  model = join(folder, "run", "model");
});

const withModel = (options: { readonly [name: string]: unknown } = {}) =>
  Object.fromEntries(Object.entries(options).map(([name, value]) => [name, value === "MODEL" ? model : value]));

function prepared(loss: LossName, form: keyof typeof forms, options: { readonly [name: string]: unknown } = {}) {
  const run = prepare({
    loss,
    evalSteps: 0,
    saveSteps: 0,
    duplicates: "allow",
    learningRate: 0.02,
    maxSteps: 16,
    ...withModel(options),
  });
  writeFileSync(run.config.data, forms[form].map((row) => `${JSON.stringify(row)}\n`).join(""));
  return run;
}

test("every loss is tested", () => {
  expect(new Set(cases.map(([loss]) => loss))).toEqual(new Set(lossNames));
});

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

describe("trains, its model card names loss and options, and its gradients can be had:", () => {
  const named = cases.map(([loss, form, options = {}]) => ({ loss, form, options }));
  test.each(named)("$loss on $form, $options", async ({ loss, form, options }) => {
    const { config } = prepared(loss, form, options);
    const events = await eventsOf(
      train(config, {
        program: function none() {
          return {};
        },
      }),
    ); // in this thread
    const of = losses(events);
    expect(of.every(Number.isFinite)).toBe(true);
    expect(mean(of.slice(-4))).toBeLessThan(mean(of.slice(0, 4)));
    const card = readFileSync(join(config.output, "model", "README.md"), "utf8");
    expect(card).toContain(`the ${config.matryoshka === "" ? loss : "matryoshka"} loss`);
    for (const [option, value] of Object.entries(options))
      if (["margin", "distance", "scale", "projection", "negatives"].includes(option))
        expect(card).toContain(
          `${option === "margin" && loss === "gist" ? "margin" : option} ${JSON.stringify(value)}`,
        );

    const guides: { [name: string]: Awaited<ReturnType<typeof loadSentenceEncoder>> } = {};
    for (const [name, folder] of Object.entries(guideFolders(config)))
      guides[name] = await loadSentenceEncoder(folder, { cores: 0 });
    const { loss: value, gradients } = await batchGradients({
      model: join(config.output, "model"),
      data: config.data,
      loss: (sizes) => lossOf(config, {}, sizes),
      guides,
    });
    for (const guide of Object.values(guides)) await guide.close();
    expect(Number.isFinite(value)).toBe(true);
    expect(gradients.has("embeddings.word_embeddings.weight")).toBe(true);
    expect(gradients.has("loss.projection.weight")).toBe(options["projection"] !== undefined);
  });
});

test("on two cores, with a teacher and weights of the loss's own, as on one", async () => {
  const still = { hiddenDropoutProb: 0, attentionProbsDropoutProb: 0, stopAt: 3 };
  const options = { ...still, teacher: "MODEL", hiddenSize: 8, projection: 16 };
  const run = async (cores: number) => {
    const { config } = prepared("embedding-distillation", "pairs", { ...options, cores });
    return losses(await eventsOf(train(config)));
  };
  const [one, two] = [await run(1), await run(2)];
  // Later steps' losses follow from the first steps' gradients: float32 roundings of another order of sums are what differs.
  for (const [i, x] of one.entries()) expect(Math.abs(x - two[i]!)).toBeLessThan(1e-5);
});

describe("data of another kind are refused, with the losses that take them:", () => {
  test.each<readonly [LossName, keyof typeof forms, string]>([
    ["contrastive", "scored", "choose a loss that takes such rows: --loss cosent (or angle, cosine-similarity)."],
    [
      "contrastive",
      "labelled",
      "choose a loss that takes such rows: --loss cosent (or angle, cosine-similarity, online-contrastive, pair-contrastive).",
    ],
    ["contrastive", "classes", "--loss batch-hard-triplet."],
    ["contrastive", "candidates", "--loss margin-mse (or score-matching)."],
    ["cosent", "pairs", "the loss cosent needs a score for each row"],
    ["triplet", "pairs", "the loss triplet does not take rows of 2 texts"],
    [
      "pair-contrastive",
      "scored",
      "pairs.jsonl:2: train: the loss pair-contrastive needs a label for each row, 1 or 0",
    ],
    ["batch-hard-triplet", "labelled", "does not take rows of 2 texts"],
  ])("%s on %s", async (loss, form, message) => {
    const { config } = prepared(loss, form);
    await expect(eventsOf(train(config))).rejects.toThrow(DataError);
    await expect(eventsOf(train(config))).rejects.toThrow(message);
  });
});

describe("options are refused", () => {
  const { options } = toyRun();
  test.each<readonly [{ readonly [name: string]: unknown }, string]>([
    [
      { loss: "triplet", scale: 3 },
      "the loss triplet has no scale. Got scale 3. Leave it out, or choose a loss that has it: contrastive, symmetric, gist",
    ],
    [{ margin: 1 }, "the loss contrastive has no margin"],
    [{ matryoshkaWeights: "1,2" }, "there is no matryoshka whose weights these would be"],
    [{ matryoshka: "a,b" }, "bad value for matryoshka"],
    [{ loss: "cosnet" }, "bad value for loss"],
  ])("%j", (given, message) => {
    expect(() => trainConfig({ ...options, ...given })).toThrow(ConfigError);
    expect(() => trainConfig({ ...options, ...given })).toThrow(message);
  });

  test.each<readonly [LossName, keyof typeof forms, { readonly [name: string]: unknown }, string]>([
    [
      "gist",
      "pairs",
      {},
      "the loss gist asks for the vectors of a model guide. Got none, expected guide. Give its folder: --guide FOLDER.",
    ],
    ["contrastive", "pairs", { teacher: "MODEL" }, "the loss contrastive does not ask for the vectors of teacher"],
    [
      "embedding-distillation",
      "pairs",
      { teacher: "MODEL", hiddenSize: 8 },
      "Got 16 numbers each, expected 8. Give a model of that length, or, to embedding-distillation, --projection 16.",
    ],
    [
      "contrastive",
      "pairs",
      { matryoshka: "16,32" },
      "the model's vectors are shorter than a length of matryoshka. Got 16, 32, expected at most 16",
    ],
    ["triplet", "triplets", { margin: -1 }, "triplet: margin is out of range"],
    ["batch-hard-triplet", "classes", { distance: "manhattan" }, "batch-hard-triplet: distance is out of range"],
  ])("%s on %s with %j", async (loss, form, options, message) => {
    const { config } = prepared(loss, form, options);
    await expect(eventsOf(train(config))).rejects.toThrow(ConfigError);
    await expect(eventsOf(train(config))).rejects.toThrow(message);
  });
});
