import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { availableParallelism } from "node:os";
import { chooseEngine } from "@kindred/command-line/node";
import { findsTeacher, teacherInComponents } from "@kindred/distillation";
import {
  describeTextFile,
  readTextFile,
  makeTeacherVectors,
  modelFingerprint,
  openTeacherVectors,
  type TeacherVectors,
  type TextFile,
  type VectorsProgress,
  writeTextFiles,
} from "@kindred/distillation/node";
import { ConfigError } from "@kindred/errors";
import { writeFileAtomic } from "@kindred/files/node";
import { openModelFolder, saveModelFolder } from "@kindred/model-folder/node";
import { flagName } from "@kindred/options";
import { sentenceDimension } from "@kindred/pooling";
import { childKey, keyFromSeed, uniformAt } from "@kindred/random";
import { claimNewRun, claimOldRun, hasCheckpoint, resumePoint } from "@kindred/run-folder/node";
import { openSentenceModel } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import {
  expectGuides,
  loadedModel,
  lossOf,
  modelToSave,
  parameterCount,
  type RunReader,
  trainConfig,
  type TrainEvent,
} from "@kindred/trainer";
import type { Engine } from "@kindred/tensor";
import { columnNames } from "../run-inputs.ts";
import { train } from "../train.ts";
import type { DistillConfig } from "./distill-config.ts";
import { distillDefaults } from "./distill-options.ts";
import { readTexts } from "./read-texts.ts";
import { studentOf, withoutSizes } from "./student-of.ts";
import { teacherMetrics } from "./teacher-metrics.ts";
import { componentsOf, projected } from "./teacher-space.ts";

/** What happens in a distillation, in order; then the events of its training. Each is plain JSON. */
export type DistillEvent =
  | {
      readonly type: "texts";
      /** Texts to learn, and those that are held out. */
      readonly count: number;
      readonly heldOut: number;
      /** Texts that were there before, and empty ones: both are left out. */
      readonly repeated: number;
      readonly empty: number;
      /** Of the texts to learn. */
      readonly characters: number;
    }
  | {
      readonly type: "student";
      readonly description: string;
      readonly parameters: number;
      /** Share of the variance of the teacher's words that those of the student keep, where they were brought to its width. */
      readonly wordsKept?: number;
    }
  /** How far the teacher's vectors are, and the folder that keeps them. */
  | ({ readonly type: "teacher"; readonly name: string; readonly folder: string } & VectorsProgress)
  | { readonly type: "warning"; readonly message: string }
  | TrainEvent;

/** Options of {@link distill}. */
export type DistillOptions = {
  /** Ends the stage that is going on: of the first what was encoded by shards is kept, of the second everything. */
  readonly signal?: AbortSignal;
  /** Whether the distillation of `config.output` goes on. Default: it begins. */
  readonly resume?: boolean;
  /** Where models lie that the configuration names otherwise. Default: it names their folders. */
  readonly folders?: { readonly [name: string]: string };
  /** More readers of the training's events. Default: none. */
  readonly readers?: readonly RunReader[];
  /** What both stages run on. Default: the engine that the options name. */
  readonly engine?: Engine;
  /** Of backend xla: as in the options of `train`. */
  readonly plugin?: string;
  readonly compileCache?: string;
};

/** Files of a distillation, inside its output. */
const filesOf = (output: string) => ({
  config: join(output, "distill.json"),
  texts: join(output, "texts.jsonl"),
  heldOut: join(output, "held-out.jsonl"),
  start: join(output, "start"),
  run: join(output, "run"),
  /** The teacher in the student's space, where that is not its own. */
  teacher: join(output, "teacher"),
  components: join(output, "components.safetensors"),
  metrics: join(output, "teacher-metrics.json"),
});

/**
 * Trains a small model to give the vectors of a large one, its teacher, of sentences, and tells what happens, event by event. Nothing is printed.
 *
 * The teacher's vectors are made once and kept in shards; then the student is trained on them as by {@link train}. `config.output` holds the
 * texts, the student as it began (`start`) and the run, whose model is in `run/model`. Both stages can be stopped, by `signal` or however, and
 * go on with `resume`, to the same model.
 *
 * @throws ConfigError, DataError or FormatError for what does not fit, before the teacher works; what `train` throws
 *
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { saveModelFolder } from "@kindred/model-folder/node";
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 * import { distill, distillConfig } from "@kindred/train";
 * import { modelToSave, newModel, trainConfig } from "@kindred/trainer";
 *
 * const [folder, words] = [await mkdtemp(join(tmpdir(), "example-")), ["cat", "dog", "sat", "ran", "mat", "road", "on", "a"]];
 * const tokenizer = tokenizerFromVocab(["<s>", "<pad>", "</s>", "<unk>", ...words, "[UNK]", "<mask>", ""].join("\n"));
 * const sizes = { hiddenSize: 16, numHiddenLayers: 2, numAttentionHeads: 2, intermediateSize: 16 };
 * const teacher = join(folder, "teacher"); // a toy of random weights: in earnest all-mpnet-base-v2, say
 * await saveModelFolder(teacher, modelToSave(newModel(trainConfig(sizes), tokenizer), {}, 0));
 * const texts = [join(folder, "sentences.txt")];
 * await writeFile(join(folder, "sentences.txt"), words.flatMap((a) => words.map((b) => `${a} ${b} a road`)).join("\n"));
 *
 * const steps = { maxSteps: 40, batchSize: 16, learningRate: 0.01, loggingSteps: 20 };
 * const config = distillConfig({ texts, teacher, output: join(folder, "small"), layers: "1", heldOutTexts: 8, cores: 1, ...steps });
 * const losses: number[] = [];
 * for await (const event of distill(config)) if (event.type === "step") losses.push(event.loss);
 * losses[1]! < losses[0]!; // => true
 * ```
 */
export async function* distill(
  config: DistillConfig,
  options: DistillOptions = {},
): AsyncGenerator<DistillEvent, void> {
  const { resume = false, signal, folders = {}, readers = [] } = options;
  const { output, teacher: name } = config;
  if (name === "") throw refused("teacher", "there is nobody to learn from", "a model");
  if (output === "") throw refused("output", "there is no place for the model", "a new folder");
  const folder = folders[name] ?? name;
  const trained = (maxSteps: number, given: object) =>
    trainConfig({ ...given }, { base: { ...distillDefaults, maxSteps, holdOut: 0 }, where: "distill" });
  const sizes = trained(1000, config.training); // steps do not matter yet
  const files = filesOf(output);
  const { settings } = openSentenceModel(await openModelFolder(folder));
  const maxSeqLength = Math.min(sizes.maxSeqLength ?? settings.maxSeqLength, settings.maxSeqLength);
  const engine =
    options.engine ??
    (await chooseEngine(
      { ...sizes, plugin: options.plugin ?? "", compileCache: options.compileCache ?? "" },
      { where: "distill" },
    ));
  // What does not fit is refused before anything is written, and before the teacher works for hours.
  let made = existsSync(files.start) ? undefined : await studentOf(config, sizes, folder);
  if (made !== undefined)
    expectGuides(lossOf(sizes, {}, { dimension: sentenceDimension(made.student.modules) }), ["teacher"]);
  const claim = resume ? claimOldRun(output) : claimNewRun(output);
  const opened: TeacherVectors[] = [];
  let isBegun = resume;
  try {
    await writeFileAtomic(files.config, `${JSON.stringify({ config, folder: process.cwd() }, undefined, 2)}\n`);
    const { texts, heldOut, ...counts } = await textsOf(config, files);
    isBegun = true;
    yield { type: "texts", count: texts.count, heldOut: heldOut.count, characters: texts.characters, ...counts };
    if (made !== undefined) {
      const { student, share } = made;
      made = undefined; // its weights are in the folder
      await saveModelFolder(files.start, modelToSave(student, {}, 0));
      const parameters = parameterCount(student);
      const { description } = student.encoder;
      yield { type: "student", description, parameters, ...(share !== undefined && { wordsKept: share }) };
    }
    const vectors = config.vectors === "" ? join(dirname(resolve(output)), "teacher-vectors") : config.vectors;
    await mkdir(vectors, { recursive: true });
    const teacher = { name, fingerprint: await modelFingerprint(folder), maxSeqLength };
    const cores = engine.module === undefined ? 0 : sizes.cores || availableParallelism();
    const load = () => loadSentenceEncoder(folder, { cores, engine });
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    for (const file of [heldOut, texts]) {
      const request = { vectors, texts: file, teacher };
      for await (const progress of makeTeacherVectors({ ...request, load, signal, onWarning })) {
        for (const message of warnings.splice(0)) yield { type: "warning", message };
        if (file === texts) yield { type: "teacher", name, folder: vectors, ...progress };
      }
      opened.push(await openTeacherVectors(request));
    }
    const [ofHeldOut, ofTexts] = opened;
    if (ofTexts === undefined || ofHeldOut === undefined) return; // both were opened
    signal?.throwIfAborted();
    const components =
      config.dimension === undefined ? undefined : await componentsOf(config.dimension, ofTexts, files.components);
    if (components !== undefined && !existsSync(files.teacher)) {
      const loaded = await loadedModel(
        { ...sizes, model: folder, maxSeqLength: undefined },
        await openModelFolder(folder),
      );
      await saveModelFolder(files.teacher, modelToSave(teacherInComponents(loaded, { components }), {}, 0));
    }
    const inSpace = (guide: TeacherVectors) => projected(guide, components);
    const passes = Math.ceil((5 * texts.count) / sizes.batchSize);
    const { training } = config;
    const complete = trained(Number(training["maxSteps"] ?? passes), {
      ...withoutSizes(training),
      data: files.texts,
      model: files.start,
      output: files.run,
      teacher: name,
    });
    const going = (await hasCheckpoint(files.run)) ? { resume: await resumePoint(files.run) } : {};
    if (going.resume === undefined) await rm(files.run, { recursive: true, force: true }); // killed before its first checkpoint
    yield* train(complete, {
      ...going,
      ...(signal && { signal }),
      readers,
      engine,
      judged: {
        tasks: heldOut.count < 2 ? [] : [findsTeacher("held_out", await textsIn(heldOut.path), inSpace(ofHeldOut))],
        teacher: (tasks) => teacherMetrics(tasks, { load, file: files.metrics, maxLength: maxSeqLength }),
      },
      guides: { teacher: inSpace(ofTexts) },
    });
  } finally {
    try {
      for (const vectors of opened) await vectors.close();
    } finally {
      if (isBegun) claim.release();
      else {
        for (const file of [files.config, files.texts, files.heldOut]) await rm(file, { force: true });
        claim.abandon();
      }
    }
  }
}

/** A refusal of an option that is missing or does not fit. */
function refused(option: string, problem: string, expected: string): ConfigError {
  return new ConfigError(
    `distill: ${problem}. Expected ${flagName(option)} ${expected}. See kindred-train distill --help.`,
    {
      key: option,
    },
  );
}

const heldOutKey = keyFromSeed("held-out texts"); // not the run's seed: a text's side never moves

/** The texts of a distillation, and those that are held out: written at its beginning, found when it goes on. */
async function textsOf(
  { texts: names, columns, heldOutTexts }: DistillConfig,
  paths: ReturnType<typeof filesOf>,
): Promise<{ texts: TextFile; heldOut: TextFile; repeated: number; empty: number }> {
  if (existsSync(paths.texts) && existsSync(paths.heldOut)) {
    const [texts, heldOut] = [await describeTextFile(paths.texts), await describeTextFile(paths.heldOut)];
    return { texts, heldOut, repeated: 0, empty: 0 };
  }
  if (names.length === 0) throw refused("texts", "there are no texts", "files of sentences");
  const taken = columnNames(columns);
  let count = 0;
  for await (const _ of readTexts(names, taken)) count++;
  const share = Math.min(0.1, heldOutTexts / Math.max(1, count));
  const fileOf = (text: string) => (uniformAt(childKey(heldOutKey, text), 0) < share ? "heldOut" : "texts");
  const { files, repeated, empty } = await writeTextFiles(
    { texts: paths.texts, heldOut: paths.heldOut },
    readTexts(names, taken),
    { fileOf },
  );
  const { texts, heldOut } = files;
  if (texts === undefined || heldOut === undefined || texts.count < 2)
    throw refused("texts", `there are too few texts. Got ${texts?.count ?? 0}`, "files of sentences");
  return { texts, heldOut, repeated, empty };
}

async function textsIn(path: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of readTextFile(path)) texts.push(text);
  return texts;
}
