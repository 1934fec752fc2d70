import { initialParameters } from "@kindred/encoder";
import { mpnet } from "@kindred/mpnet";
import { childKey, integerAt, keyFromSeed } from "@kindred/random";
import type { Optimizer } from "@kindred/adamw";
import { wasm } from "@kindred/backend-wasm";
import type { TokenBatch } from "@kindred/sentence-encoder";
import { type Engine, tfjs } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import { type StepRunner, type StepRunnerOptions, soloStepRunner } from "@kindred/tpu-sharding";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import { afterAll, describe, expect, test } from "vitest";
import type { Loss } from "@kindred/loss";
import { dealBatch } from "./deal-batch.ts";
import { type Guide, guideVectors } from "./guides.ts";
import type { LossName } from "./built-in-losses.ts";
import { trainConfig } from "./train-config.ts";
import { lossNames } from "./options/loss-options.ts";
import type { TrainConfig } from "./train-options.ts";
import { lossOf } from "./train-program.ts";

// n cores = 1 core: a random MPNet and random batches through the mesh of a training run (test-programs/step-gradients.mjs), the
// batch dealt, embedded with dropout, gathered and its gradients exchanged as in training.

const config = {
  model_type: "mpnet",
  vocab_size: 60,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 20,
  initializer_range: 0.3, // large, so that texts differ clearly
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
};
const modules = [{ kind: "Pooling", dimension: 16, modes: ["mean"] }, { kind: "Normalize" }];
const { specs } = mpnet.open(config, { file: "config.json" });
const weights = initialParameters(specs, keyFromSeed("weights"));
const shapes = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, shape]));

type Result = { readonly loss: number; readonly gradients: { readonly [name: string]: Float32Array } };
/** What the losses of the law need, one or the other. */
const needsAll = { name: "all", needs: { scores: "row", labels: true, textIds: true } } as const;

type BatchSize = { readonly rows: number; readonly columns: number };
type Choice = {
  readonly maxBatchTokens?: number;
  readonly loss?: "rows" | "batch" | "judgedRows" | "judgedBatch" | "triplet";
  readonly mutant?: string;
  /** A built-in loss, as a run's options name it, instead. */
  readonly options?: { readonly loss: LossName } & Partial<TrainConfig>;
};

/** Random texts of 3 to 9 tokens for every row and column, and one text twice. */
function randomBatch(rows: number, columns: number) {
  const key = childKey(keyFromSeed("texts"), rows, columns);
  let drawn = 0;
  const draw = (bound: number) => integerAt(key, drawn++, bound);
  const ids = Array.from({ length: columns }, () =>
    Array.from({ length: rows }, () => [0, ...Array.from({ length: 1 + draw(7) }, () => 4 + draw(56)), 2]),
  );
  const [, answers = []] = ids;
  if (columns > 1) answers[rows - 1] = answers[0]!; // a false negative, to be left out of the loss
  const packed = ids.map((column): TokenBatch => {
    const starts = [0];
    for (const { length } of column) starts.push(starts.at(-1)! + length);
    return { ids: Int32Array.from(column.flat()), starts: Int32Array.from(starts) };
  });
  const texts = Array.from({ length: rows }, (_, row) => ids.map((column) => column[row]!.join(" ")));
  return { rows: texts.map((all, row) => ({ texts: all, scores: [1 + row], label: row % 3 })), packed };
}

type Job = BatchSize & Choice;
type LawRunner = StepRunner<object, never>;
const program = new URL("../test-programs/step-gradients.mjs", import.meta.url);

/** What the program's optimizer is to main: it remembers the gradient alone. */
const watching: Pick<Optimizer, "name" | "slots"> = { name: "watching", slots: ["gradient"] };

/** A runner on threads, or in this one. */
async function startLawRunner(cores: number | "solo", engine: Engine, store: StoreOptions = {}): Promise<LawRunner> {
  const options = {
    ...store,
    engine,
    specs: specs,
    values: Object.entries(weights).map(([name, { values }]) => [name, values] as const),
    optimizer: watching as Optimizer,
    data: { config, modules, dropoutKey: keyFromSeed("dropout") },
  };
  if (cores !== "solo") return startStepRunner({ ...options, cores, program });
  const { default: make } = (await import(program.href)) as { default: never };
  return soloStepRunner({ ...options, program: make });
}

/** Scores and labels as a loss wants them, other ones for every row. */
function marksFor({ needs = {} }: Pick<Loss, "needs">, rows: ReturnType<typeof randomBatch>["rows"]) {
  const width = { row: 1, candidate: (rows[0]?.texts.length ?? 0) - 1, margin: (rows[0]?.texts.length ?? 0) - 2 };
  return rows.map((row, i) => ({
    ...row,
    scores: Array.from({ length: width[needs.scores ?? "row"] }, (_, k) =>
      needs === needsAll.needs ? 1 + i : ((i * 5 + k * 3) % 7) / 7,
    ),
    label: needs.labels === "binary" ? i % 2 : i % 3,
  }));
}

/** Stands for another model: a vector for each text that its words alone decide. */
const wordVectors: Guide = {
  encode: async (texts) => {
    const rows = texts.map((text) => {
      const key = childKey(keyFromSeed("guide"), text);
      return Array.from({ length: 16 }, (_, i) => integerAt(key, i, 2000) / 1000 - 1);
    });
    return { embeddings: Float32Array.from(rows.flat()), dimension: 16 };
  },
};

/** The summed loss and gradients of a batch's step on this runner. */
async function stepOn(runner: LawRunner, { rows, columns, ...choice }: Job): Promise<Result> {
  const drawn = randomBatch(rows, columns);
  const asked = choice.options === undefined ? needsAll : lossOf(trainConfig(choice.options));
  const marked = marksFor(asked, drawn.rows);
  const shares = dealBatch(marked, drawn.packed, { cores: runner.cores, loss: asked });
  const gathered = shares.flatMap((share) => [...share.rows]);
  const texts = Array.from({ length: columns }, (_, column) => gathered.map((row) => marked[row]!.texts[column]!));
  const vectors = await guideVectors(asked, texts, { guide: wordVectors, teacher: wordVectors });
  const jobs = shares.map((share) => ({
    share: { ...share, data: { ...share.data, vectors } },
    ...{ totalRows: rows, maxBatchTokens: 4096, loss: "rows", ...choice },
  }));
  const { loss } = await runner.run(jobs, new Float32Array(1));
  const gradients: { [name: string]: Float32Array } = {};
  for (const { name, read } of runner.state()) gradients[name.slice("gradient.".length)] = (await read()).slice();
  return { loss, gradients };
}

const largest = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/**
 * Loss and gradients are the same to 1e-5, a gradient relative to its weight's largest entry: terms of all sizes cancel in an
 * entry, so that a small one has no relative exactness of its own.
 *
 * Cores and chunks change only the order of float32 sums over at most 11 · 4 · 9 ≈ 400 tokens, each addition off by 2⁻²⁴ of terms
 * about as large as the largest entry: √400 · 2⁻²⁴ ≈ 1.2e-6 as roundings go, 2.4e-5 if all went one way. (1e-6 is seen.)
 * The true gradient of k.bias is 0, as adding one vector to all keys changes no softmax; what is left of it are the roundings of
 * dk's entries of about 1, 1.2e-6 by the same count on either side: by absolute value 5e-6, twice both.
 */
function expectSame(actual: Result, expected: Result, { least = 0.01 } = {}): void {
  expect([actual.loss]).toBeCloseToArray([expected.loss], { tolerance: 1e-5 * expected.loss });
  for (const [name, shape] of Object.entries(shapes)) {
    const gradient = expected.gradients[name]!;
    const hasNone = name.endsWith("attn.k.bias");
    if (!hasNone) expect(largest(gradient), name).toBeGreaterThan(least);
    const tolerance = hasNone ? 5e-6 : 1e-5 * largest(gradient);
    expect(actual.gradients[name], name).toBeCloseToArray(gradient, { tolerance, shape });
  }
}

describe.each([wasm(), tfjs()])("on $name", async (engine) => {
  const runners = new Map<number | "solo", LawRunner>();
  for (const cores of [1, 2, 3, "solo"] as const) runners.set(cores, await startLawRunner(cores, engine));
  afterAll(() => Promise.all([...runners.values()].map((runner) => runner.stop())));
  const step = (cores: number | "solo", batch: BatchSize, choice?: Choice) => {
    const runner = runners.get(cores);
    if (runner === undefined) throw new Error("there is one for each");
    return stepOn(runner, { ...batch, ...choice });
  };

  // 3 and 11 rows are uneven shares on 2 cores (2 + 1, 6 + 5), 11 on 3 (4 + 4 + 3).
  describe.each([2, 3, 4])("%i columns", (columns) => {
    test.each([3, 6, 11])(
      "loss and gradients of %i rows are the same on 1, 2 and 3 cores, whole and in chunks",
      async (rows) => {
        const one = await step(1, { rows, columns });
        const chunks = { maxBatchTokens: 12 };
        // 1 is less than any text: each is a chunk of its own then.
        for (const maxBatchTokens of [1, 12, 30]) expectSame(await step(1, { rows, columns }, { maxBatchTokens }), one);
        expectSame(await step(1, { rows, columns }, { loss: "batch" }), one);
        expectSame(await step("solo", { rows, columns }), one);
        for (const cores of [2, 3]) {
          expectSame(await step(cores, { rows, columns }), one);
          expectSame(await step(cores, { rows, columns }, chunks), one);
          expectSame(await step(cores, { rows, columns }, { loss: "batch" }), one);
        }
      },
    );
  });

  test.each(["judgedRows", "judgedBatch"] as const)(
    "scores and labels stay with their rows on any number of cores: %s",
    async (loss) => {
      const batch = { rows: 11, columns: 2 };
      const one = await step(1, batch, { loss });
      for (const cores of [2, 3]) {
        expectSame(await step(cores, batch, { loss }), one);
        expectSame(await step(cores, batch, { loss, maxBatchTokens: 12 }), one);
      }
      const mutated = await step(2, batch, { loss, mutant: "drawnOrder" });
      expectMutantToFail(() => expectSame(mutated, one));
    },
  );

  test("a caller's own loss in plain tfjs ops is the same on 1, 2 and 3 cores, whole and in chunks", async () => {
    const batch = { rows: 11, columns: 3 };
    const one = await step(1, batch, { loss: "triplet" });
    for (const cores of [1, 2, 3])
      for (const maxBatchTokens of [4096, 12])
        expectSame(await step(cores, batch, { loss: "triplet", maxBatchTokens }), one);
    const contrastive = await step(1, batch);
    expectMutantToFail(() => expectSame(contrastive, one));
  });

  const builtIn: readonly (readonly [options: NonNullable<Choice["options"]>, columns: number])[] = [
    [{ loss: "contrastive", hardnessMode: "allNegatives", hardnessStrength: 5 }, 3],
    [{ loss: "symmetric", matryoshka: "16,4" }, 2],
    [{ loss: "gist", scale: 20, margin: 0.2 }, 3],
    [{ loss: "cosent" }, 2],
    [{ loss: "angle" }, 2],
    [{ loss: "angle", negatives: true }, 4],
    [{ loss: "cosine-similarity" }, 2],
    [{ loss: "online-contrastive", margin: 1 }, 2],
    [{ loss: "pair-contrastive", margin: 1 }, 2],
    [{ loss: "triplet" }, 3],
    [{ loss: "batch-hard-triplet" }, 1],
    [{ loss: "distillation", scoreWeight: 0.5 }, 2],
    [{ loss: "embedding-distillation" }, 2],
    [{ loss: "margin-mse" }, 4],
    [{ loss: "margin-mse", targets: "margins" }, 3],
    [{ loss: "score-matching", scale: 5, similarity: "cosine" }, 3],
    [{ loss: "score-matching", targets: "teacher", scale: 5 }, 1],
  ];
  test.each(builtIn)("%j is the same on 1, 2 and 3 cores, whole and in chunks", async (options, columns) => {
    const batch = { rows: 11, columns };
    const one = await step(1, batch, { options });
    expect(one.loss).toBeGreaterThan(1e-3);
    const least = { least: 1e-5 };
    for (const cores of [1, 2, 3])
      for (const maxBatchTokens of [4096, 12])
        expectSame(await step(cores, batch, { options, maxBatchTokens }), one, least);
    if (lossOf(trainConfig(options)).over === "rows") return;
    const mutated = await step(2, batch, { options, mutant: "undivided" });
    expectMutantToFail(() => expectSame(mutated, one, least));
  });

  test("every built-in loss is among them", () => {
    expect(new Set(builtIn.map(([{ loss }]) => loss))).toEqual(new Set(lossNames));
  });

  // Each moves some gradient by a fifth of its largest entry and more.
  test.each(["sliceGather", "ownMean", "dropoutByLocalRow", "undivided"])("a mutant is noticed: %s", async (mutant) => {
    const one = await step(1, { rows: 11, columns: 3 });
    const mutated = await step(2, { rows: 11, columns: 3 }, { mutant });
    expectMutantToFail(() => expectSame(mutated, one));
    // By its gradients alone, where only those are wrong.
    if (mutant === "sliceGather") expect(mutated.loss).toBeCloseTo(one.loss, 5);
    expectMutantToFail(() => expectSame({ ...mutated, loss: one.loss }, one));
  });
});

type StoreOptions = Pick<StepRunnerOptions<never>, "clipping" | "maxGradNorm">;

test("the original's G: of 8 cores each clipped by itself, 8 · G is the gradient on one device as long as nothing is clipped", async () => {
  const batch = { rows: 16, columns: 2 };
  const gradientOf = async (cores: number, store: StoreOptions) => {
    const runner = await startLawRunner(cores, wasm(), store);
    try {
      return await stepOn(runner, batch);
    } finally {
      await runner.stop();
    }
  };
  const one = await gradientOf(1, {});
  // 8 is a power of 2, so taking it out of the mean rounds nothing.
  const times8 = ({ loss, gradients }: Result): Result => ({
    loss,
    gradients: Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, values.map((x) => 8 * x)])),
  });
  expectSame(times8(await gradientOf(8, { clipping: "xla-exact" })), one);
  expectMutantToFail(() => expectSame(times8(one), one));
  const clipped = await gradientOf(8, { clipping: "xla-exact", maxGradNorm: 0.1 });
  expectMutantToFail(() => expectSame(times8(clipped), one));
}, 240_000); // sixteen threads start, each with the libraries of its own
