import { availableParallelism } from "node:os";
import { join } from "node:path";
import { chooseEngine, packageVersion } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { flagName } from "@kindred/options";
import { sentenceDimension } from "@kindred/pooling";
import {
  claimNewRun,
  claimOldRun,
  createRunFolder,
  expectBestKept,
  expectSameProgram,
  isDone,
  keptElsewhere,
  openEventFile,
  type ProgramIdentity,
  readOthers,
  readRunConfig,
  reopenRunFolder,
  type ResumePoint,
} from "@kindred/run-folder/node";
import { modelCard, reportReader, tensorBoardReader } from "@kindred/run-report";
import type { SavedModel, SentenceEncoder } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import {
  expectDimensions,
  expectEqualShares,
  type BatchSampler,
  countEpochs,
  expectGuides,
  expectSameOptions,
  familiesOf,
  followedMetric,
  type Guide,
  type Judging,
  guideFolders,
  type CompiledProgram,
  loadProgram,
  lossOf,
  type ProgramSource,
  readBy,
  refuseProgramOptions,
  rehearsal,
  type RunReader,
  type TrainConfig,
  type TrainEvent,
  trainingCore,
  trainingCoreModule,
  trainingData,
  trainingRun,
  type TrainingRunner,
  trainingSampler,
  trainingSteps,
  trainOptions,
} from "@kindred/trainer";
import type { Engine } from "@kindred/tensor";
import { soloStepRunner } from "@kindred/tpu-sharding";
import { startStepRunner } from "@kindred/tpu-sharding/node";
import { identityOf } from "./program-identity.ts";
import { expectFirstBatch, isFirstProcess, openRunData, startingModel } from "./run-inputs.ts";
import { manifest } from "./train-flags.ts";

/** Options of {@link train}. */
export type TrainOptions = {
  /** Ends the run after the step that is going on: it saves a checkpoint, and its last event is `stopped`. */
  readonly signal?: AbortSignal;
  /** Go on from here instead of starting anew; `config.output` is the run's folder then. */
  readonly resume?: ResumePoint;
  /** What the output folder is named after if `config.output` is empty. Default: `"run"`. */
  readonly name?: string;
  /**
   * What options cannot say: a loss of your own, readers. The URL of a module, which every core imports; or a function, with which the
   * run stays in this thread, on one core. A run that goes on needs the one that it began with.
   */
  readonly program?: ProgramSource;
  /**
   * What the cores run on, of which `backend` and the options beside it say nothing then. One without a `module`, by which other threads
   * find it, stays in this one, on all its devices if it has some. Default: the engine that the options name.
   */
  readonly engine?: Engine;
  /** Where models lie that the configuration names otherwise, by an id of a hub for instance. Default: it names their folders. */
  readonly folders?: { readonly [name: string]: string };
  /**
   * Of backend xla: the file of a PJRT plugin. It is run as native code, so no file of options names it, and a run that goes on is told it
   * again. Default: what `PJRT_PLUGIN_PATH` names, or one that is installed.
   */
  readonly plugin?: string;
  /** Of backend xla: the folder where compiled programs are kept from run to run, or `"none"`. Default: kindred/xla in the user's cache folder. */
  readonly compileCache?: string;
  /** Names of options that were given: beside those that differ from their defaults, none may say what the program sets. Default: none. */
  readonly given?: readonly string[];
  /**
   * Ends after the checks: the events `start`, `data` and `evaluation` of the run, then `estimate`, of how long it would take, from a few steps
   * that are thrown away. Nothing is written. Default: the run goes on.
   */
  readonly dryRun?: boolean;
  /** Vectors of models that the loss asks for, by their names: no model is loaded for these. The caller closes them. Default: none. */
  readonly guides?: { readonly [name: string]: Guide & { readonly dimension: number } };
  /** What else the run is judged by, and what its teacher reaches by all of it. Default: nothing else. */
  readonly judged?: Judging;
  /** More readers of the run, besides its folder and its report. Default: none. */
  readonly readers?: readonly RunReader[];
};

/**
 * Trains a sentence encoder and tells what happens, event by event. Nothing is printed.
 *
 * Before anything is written, the data and the model are read and checked. The run's folder then holds `run.json`,
 * `events.jsonl`, `report.html`, `checkpoint-<step>/` and, at the end, `model/`. The same configuration on the same number of
 * cores gives the same numbers; a run that was stopped and resumed gives those of one that was not.
 *
 * Leaving the loop early stops the cores; steps since the last checkpoint are lost then (use `signal` to keep them).
 *
 * @throws ConfigError, DataError or FormatError for what the user gave; DivergenceError if the numbers run away; MeshError or
 * OutOfMemoryError from a core.
 *
 * @example
 * ```ts ignore
 * import { train, trainConfig } from "@kindred/train";
 *
 * for await (const event of train(trainConfig({ data: "pairs.jsonl" }, { preset: "quickstart" }))) {
 *   if (event.type === "step") console.log(event.step, event.loss);
 * }
 * ```
 */
export async function* train(config: TrainConfig, options: TrainOptions = {}): AsyncGenerator<TrainEvent, void> {
  const { signal, resume, name = "run", readers = [], program, folders = {} } = options;
  const made: CompiledProgram[] = [];
  const compiled = () => made.splice(0);
  const engine =
    options.engine ??
    (await chooseEngine(
      { ...config, plugin: options.plugin ?? "", compileCache: options.compileCache ?? "" },
      {
        where: "train",
        named: (name) => `${name} (${flagName(name)})`,
        onCompile: ({ hash, seconds, fromCache, reason }) => made.push({ program: hash, seconds, fromCache, reason }),
      },
    ));
  const stays = whatStays(engine, program);
  const asked = completeConfig(config, { name, stays });
  const identity = program === undefined ? undefined : await identityOf(program);
  if (resume !== undefined) expectSameRun(asked, resume, identity);
  const isKeeper = await isFirstProcess(engine);
  const claim = !isKeeper
    ? undefined
    : resume === undefined
      ? claimNewRun(asked.output, { numbered: config.output === "" })
      : claimOldRun(asked.output);
  const notKept = { loadBestModelAtEnd: false, tensorboard: false };
  const placed = claim === undefined ? { ...asked, ...notKept } : { ...asked, output: claim.path };
  const loaded: { [name: string]: SentenceEncoder } = {};
  let sampler: BatchSampler | undefined;
  let runner: TrainingRunner | undefined;
  let isBegun = resume !== undefined;
  try {
    const parts = await loadProgram(program);
    refuseProgramOptions(parts, [...(options.given ?? []), ...differing(config)]);
    const model = await startingModel(config, {
      families: familiesOf(parts),
      folder: resume?.folder ?? folders[config.model] ?? config.model,
    });
    const loss = lossOf(placed, parts, { dimension: sentenceDimension(model.modules) });
    expectGuides(loss, Object.keys(guideFolders(config)));
    const read = await trainingData(config, model, {
      ...(await openRunData(config, loss)),
      loss,
      seen: resume?.state.seen,
      signal,
    });
    const data = options.judged ? { ...read, tasks: [...read.tasks, ...options.judged.tasks] } : read;
    const teacher = await options.judged?.teacher(data.tasks);
    const complete = placed.epochs === undefined ? placed : await countEpochs(placed, data, resume?.state);
    if (resume !== undefined) expectNotDone(complete, resume);
    const followed = followedMetric(complete, data.tasks);
    if (resume !== undefined && followed !== undefined && complete.loadBestModelAtEnd)
      expectBestKept(complete.output, resume.state.step, followed);
    sampler = trainingSampler(complete, data, { cursor: resume?.state.cursor, make: parts.sampler });
    await sampler.ready?.();
    if (resume === undefined && parts.sampler === undefined) await expectFirstBatch(complete, data);
    for (const [guide, folder] of Object.entries(guideFolders(complete)))
      if (options.guides?.[guide] === undefined)
        loaded[guide] = await loadSentenceEncoder(folders[folder] ?? folder, {
          cores: engine.module === undefined ? 0 : complete.cores,
          engine,
        });
    const guides = { ...loaded, ...options.guides };
    expectDimensions(loss, guides);
    signal?.throwIfAborted();
    const state = resume && readOthers(resume.folder);
    const steps = trainingSteps(complete, model, { engine, program, parts, state });
    runner =
      stays === undefined
        ? await startStepRunner({ ...steps, cores: complete.cores, program: trainingCoreModule() })
        : await soloStepRunner({ ...steps, program: trainingCore });
    if (config.backend === "xla") expectEqualShares(complete, runner.cores);
    signal?.throwIfAborted();
    const going = {
      ...(signal === undefined ? {} : { signal }),
      ...(resume === undefined ? {} : { state: resume.state }),
    };
    const base = { model, data, sampler, runner, program: parts, guides, compiled, teacher, ...going };
    const begun = { ...base, runtime: `Node ${process.versions.node}` };
    if (options.dryRun) {
      const peakBytes = () => process.resourceUsage().maxRSS * 1024;
      yield* readBy(rehearsal(complete, { ...begun, peakBytes }), [...(parts.readers ?? []), ...readers]);
      return;
    }
    const kept = {
      program: identity,
      card: (events: readonly TrainEvent[], { settings }: SavedModel) =>
        modelCard(events, {
          ...settings,
          version: packageVersion(manifest),
          program: program instanceof URL ? identity?.name : undefined,
        }),
    };
    const folder = !isKeeper
      ? keptElsewhere(complete)
      : resume === undefined
        ? await createRunFolder(complete, kept)
        : await reopenRunFolder(complete, resume.state.step, kept);
    isBegun = true;
    const report = reportReader((html) => folder.writeFile("report.html", html), folder.events);
    const ready = { ...begun, saves: folder, earlier: [...folder.events] };
    const tensorBoard = complete.tensorboard ? [tensorBoardReader(openEventFile(complete.output))] : [];
    const all = [folder, report, ...tensorBoard, ...(parts.readers ?? []), ...readers];
    yield* readBy(trainingRun(complete, ready), all);
  } finally {
    try {
      await runner?.stop();
      await sampler?.close();
      for (const guide of Object.values(loaded)) await guide.close();
    } finally {
      // Whatever could not be closed, the folder is free again.
      if (isBegun) claim?.release();
      else claim?.abandon();
    }
  }
}

/** What keeps a run in this thread, if anything does. */
function whatStays(engine: Engine, program: ProgramSource | undefined): string | undefined {
  if (typeof program === "function") return "a program that is a function";
  return engine.module === undefined ? `the engine ${engine.name}, which has no module,` : undefined;
}

/** The configuration with the number of cores and the folder that it leaves open. */
function completeConfig(
  config: TrainConfig,
  { name, stays }: { readonly name: string; readonly stays: string | undefined },
): TrainConfig {
  const cores = coresOf(config, stays);
  if (config.batchSize < cores)
    throw new ConfigError(`train: fewer pairs than cores. Got batchSize ${config.batchSize} and ${cores} cores.`, {
      cores,
    });
  const time = new Date().toISOString().slice(0, 19).replaceAll(":", "-");
  return { ...config, output: config.output !== "" ? config.output : join("runs", `${name}-${time}`), cores };
}

/** @param stays what keeps the run in this thread, if anything does */
function coresOf({ backend, cores }: TrainConfig, stays: string | undefined): number {
  if (backend === "xla") return cores; // it has devices; what an earlier part of the run had is kept for a later one
  if (stays !== undefined && cores > 1)
    throw new ConfigError(
      `train: ${stays} stays in this thread. Got cores ${cores}, expected 1. Give the URL of its module, or cores: 1.`,
      { cores },
    );
  if (cores > 0) return cores;
  return stays === undefined ? availableParallelism() : 1;
}

function expectSameRun(config: TrainConfig, resume: ResumePoint, program: ProgramIdentity | undefined): void {
  const begun = readRunConfig(config.output);
  if (config.epochs === begun["epochs"]) expectNotDone(config, resume); // how many steps other epochs are shows later
  expectSameOptions(config, begun);
  expectSameProgram(config.output, program);
}

function expectNotDone({ output, maxSteps, stopAt }: TrainConfig, { state: { step } }: ResumePoint): void {
  const lastStep = stopAt === 0 ? maxSteps : stopAt;
  if (step < lastStep || !isDone(output, lastStep)) return;
  throw new ConfigError(
    `train: the run ${output} is done: ${step} of ${lastStep} steps. To go on, raise maxSteps, epochs or stopAt (--max-steps, --epochs, --stop-at).`,
    { step, lastStep },
  );
}

/** The options of a configuration that are not as they are when nothing is said. */
function differing(config: TrainConfig): string[] {
  return Object.entries(trainOptions).flatMap(([name, option]) =>
    JSON.stringify(Reflect.get(config, name)) === JSON.stringify(option.default) ? [] : [name],
  );
}
