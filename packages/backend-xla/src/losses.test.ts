import { contrastive, gist, symmetric } from "@kindred/contrastive-loss";
import { embeddingDistillation, marginMse, scoreMatching } from "@kindred/distillation-losses";
import { type Loss, lossShare, type LossShareOptions, matryoshka } from "@kindred/loss";
import { rowDot, scale, sliceRows, sum } from "@kindred/nn";
import {
  angle,
  batchHardTriplet,
  cosent,
  cosineSimilarity,
  onlineContrastive,
  pairContrastive,
  triplet as tripletLoss,
} from "@kindred/pair-losses";
import { cpu, type Float, type RunningEngine, valueAndGradients } from "@kindred/tensor";
import { describePlugins, floatsFromSeed } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import type { Compiled } from "./compiler.ts";
import { xla } from "./xla.ts";

const hidden = 6;

/** A user's loss in tfjs's own ops. */
const triplet: Loss = {
  name: "triplet",
  options: {},
  over: "batch",
  needs: { texts: { least: 3, most: 3 } },
  value: ([anchor, positive, negative]) => {
    const distance = (x: Float, y: Float) => tf.sqrt(tf.add(tf.sum(tf.squaredDifference(x, y), 1), 1e-6));
    const margins = tf.add(tf.sub(distance(anchor!, positive!), distance(anchor!, negative!)), 0.5);
    return tf.mean(tf.relu(margins));
  },
};

/** A loss that makes a tensor of the rows' scores in each step, of one element too. */
const scored: Loss = {
  name: "scored",
  options: {},
  over: "rows",
  needs: { scores: "row" },
  value: ([a, b], { scores, totalRows }) =>
    scale(sum(tf.square(tf.sub(rowDot(a!, b!), tf.tensor1d(scores)))), 1 / totalRows),
};

/** A loss that cuts a core's own rows out of all, in tfjs's ops and in ours. */
const cutting: Loss = {
  name: "cutting",
  options: {},
  over: "rows",
  value: ([a, b], { firstRow, totalRows, gather }) => {
    const own = tf.slice(gather(a!), [firstRow, 0], [2, hidden]);
    return scale(sum(rowDot<string, string>(own, sliceRows(gather(b!), firstRow, 2))), 1 / totalRows);
  },
};

type Given = {
  readonly rows: number;
  readonly columns: number;
  readonly seed: number;
  readonly options?: LossShareOptions;
};

/** The value of a loss and its gradient by every column. */
async function lossOn(engine: RunningEngine, loss: Loss, { rows, columns, seed, options }: Given): Promise<number[][]> {
  const embeddings = Array.from({ length: columns }, (_, i) =>
    tf.tensor2d(floatsFromSeed(seed + i, rows * hidden), [rows, hidden]),
  );
  const parameters = Object.fromEntries(embeddings.entries()) as { [column: string]: Float };
  const { value, gradients } = valueAndGradients(() => lossShare(loss, embeddings, options), parameters);
  const results = [value, ...embeddings.map((_, i) => gradients[i] ?? tf.zeros([1]))];
  const read: number[][] = [];
  for (const result of results) {
    const values = new Float32Array(result.size);
    await engine.read(result, values);
    read.push([...values]);
  }
  tf.dispose([results, embeddings]);
  return read;
}

/** Two steps each, of the same shapes, that differ in all else. */
const cases: {
  readonly [name: string]: readonly [loss: Loss, columns: number, first: Partial<Given>, second: Partial<Given>];
} = {
  "contrastive, symmetric": [contrastive(), 2, ids(0), ids(1)],
  "contrastive, with negatives": [contrastive(), 3, ids(0), ids(1)],
  "contrastive, all directions": [
    contrastive({ directions: ["queryToDoc", "queryToQuery", "docToQuery", "docToDoc"], equalTexts: "keep" }),
    2,
    {},
    {},
  ],
  "contrastive, one row": [contrastive({ equalTexts: "keep" }), 2, { rows: 1 }, { rows: 1 }],
  "Matryoshka over it": [matryoshka(contrastive({ equalTexts: "keep" }), [6, 3, 2], [1, 0.5, 0.25]), 2, {}, {}],
  "a user's, in tfjs's ops": [triplet, 3, {}, {}],
  "a user's, of one row": [triplet, 3, { rows: 1 }, { rows: 1 }],
  "one that uploads scores": [
    scored,
    2,
    { options: { scores: Float32Array.of(0.5, 1, 0.25, 0, 0.75) } },
    { options: { scores: Float32Array.of(0, 0.1, 0.9, 1, 0.3) } },
  ],
  "one that uploads one score": [
    scored,
    2,
    { rows: 1, options: { scores: Float32Array.of(0.5) } },
    { rows: 1, options: { scores: Float32Array.of(0.25) } },
  ],
  "one that slices at firstRow": [
    cutting,
    2,
    { options: { firstRow: 0, totalRows: 7, gather: doubled } },
    { options: { firstRow: 2, totalRows: 7, gather: doubled } },
  ],
};

/** Of each step other scores, labels (of one kind alone in the second), and vectors of other models. */
function marks(step: number, scores = 1): Partial<Given> {
  const rows = 5;
  const vectors = (from: number) =>
    [0, 1, 2].map((column) => ({
      embeddings: floatsFromSeed(from + 10 * step + column, rows * hidden),
      dimension: hidden,
    }));
  return {
    options: {
      scores: Float32Array.from({ length: rows * scores }, (_, i) => ((i * (3 + 2 * step)) % 5) / 4),
      labels: step === 0 ? Int32Array.of(1, 0, 1, 1, 0) : Int32Array.of(1, 1, 1, 1, 1),
      vectors: { guide: vectors(100), teacher: vectors(200) },
    },
  };
}

/** A loss on two columns or more, in two steps. */
const of = (loss: Loss, columns: number, scores?: number) =>
  [loss, columns, marks(0, scores), marks(1, scores)] as const;

const keep = { equalTexts: "keep" } as const;
const otherLosses: { readonly [name: string]: ReturnType<typeof of> } = {
  symmetric: of(symmetric(keep), 2),
  "contrastive with hardness": of(contrastive({ ...keep, hardnessMode: "allNegatives", hardnessStrength: 5 }), 3),
  gist: of(gist({ ...keep, scale: 20, margin: 0.05 }), 3),
  "gist, relative": of(gist({ ...keep, scale: 20, margin: 0.2, marginStrategy: "relative" }), 2),
  cosent: of(cosent(), 2),
  angle: of(angle(), 2),
  "angle with negatives": of(angle({ negatives: true }), 3),
  "cosine similarity": of(cosineSimilarity(), 2),
  "contrastive of labelled pairs": of(pairContrastive({ distance: "euclidean", margin: 3 }), 2),
  "online contrastive": of(onlineContrastive({ margin: 1.5 }), 2),
  triplet: of(tripletLoss({ distance: "manhattan" }), 3),
  "batch-hard triplet": of(batchHardTriplet(), 1),
  "batch-hard triplet, soft": of(batchHardTriplet({ distance: "cosine", edge: "soft" }), 1),
  "a teacher's vectors": of(embeddingDistillation({ distance: "mse" }), 2),
  "a teacher's vectors, by distance": of(embeddingDistillation({ distance: "euclidean" }), 1),
  "margins of scores": of(marginMse(), 3, 2),
  "margins of a teacher": of(marginMse({ targets: "teacher" }), 3),
  "a teacher's scores": of(scoreMatching(), 3, 2),
  "a teacher's neighbours": of(scoreMatching({ targets: "teacher" }), 1),
  "Matryoshka over cosent": of(matryoshka(cosent(), [6, 3]), 2),
};

/** Texts of which some are equal, others in each step. */
function ids(step: number): Partial<Given> {
  const column = (i: number) => Int32Array.from({ length: 5 }, (_, row) => (row * (step + 2) + i) % 4);
  return { options: { textIds: [column(0), column(1), column(2)] } };
}

/** Stands for the rows of two cores. */
function doubled(own: Float<"batch hidden">): Float<"batch hidden"> {
  return tf.concat([own, scale(own, 0.5)], 0);
}

describePlugins("a loss on XLA", ({ path }) => {
  const compiled: Compiled[] = [];
  const engine = xla({ plugin: path, cacheFolder: false, onCompile: (event) => compiled.push(event) });

  test.each(Object.entries({ ...cases, ...otherLosses }))(
    "%s: as on cpu, and the second step is the same program",
    async (_name, given) => {
      const [loss, columns, ...steps] = given;
      const counts: number[] = [];
      for (const [step, changes] of steps.entries()) {
        const { options, ...sizes } = { rows: 5, columns, seed: 10 * step, ...changes };
        const call = { ...sizes, ...(options && { options: fitting(options, columns) }) };
        const expected = await on(cpu(), (running) => lossOn(running, loss, call));
        const actual = await on(engine, (running) => lossOn(running, loss, call));
        for (const [i, values] of expected.entries()) {
          // Sums of up to 30 products, times a scale of 20.
          expect(actual[i]!).toBeCloseToArray(values, { tolerance: 20 * 64 * 2 ** -24 });
        }
        counts.push(compiled.length);
      }
      expect(counts[1]).toBe(counts[0]);
    },
  );
});

function fitting(options: LossShareOptions, columns: number): LossShareOptions {
  const { textIds, vectors } = options;
  const ofColumns = Object.entries(vectors ?? {}).map(([model, all]) => [model, all.slice(0, columns)] as const);
  return {
    ...options,
    ...(textIds && { textIds: textIds.slice(0, columns) }),
    ...(vectors && { vectors: Object.fromEntries(ofColumns) }),
  };
}

async function on<T>(
  engine: { readonly start: () => Promise<RunningEngine> },
  work: (running: RunningEngine) => Promise<T>,
): Promise<T> {
  const running = await engine.start();
  try {
    return await work(running);
  } finally {
    running.stop();
  }
}
