import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, DataError } from "@kindred/errors";
import type { SavedModel } from "@kindred/sentence-encoder";
import { openModelFolder, saveModelFolder } from "@kindred/model-folder/node";
import { makeFolders, removeLeftovers, writeFileAtomic } from "@kindred/files/node";
import {
  type Followed,
  type RunReader,
  type RunSaves,
  standingOf,
  type TrainConfig,
  type TrainEvent,
} from "@kindred/trainer";
import { writeDivergedStep } from "./diverged-step.ts";
import { checkpointFolder, dropOldCheckpoints, writeCheckpoint } from "./checkpoint.ts";

/**
 * The folder of a run: its configuration (`run.json`), its checkpoints and its model; as a reader of the run it keeps each event as
 * a line of `events.jsonl`.
 */
export type RunFolder = RunReader &
  RunSaves & {
    /** All events so far. */
    readonly events: readonly TrainEvent[];
    /** Writes a file into the folder, whole or not at all. */
    writeFile(name: string, text: string): Promise<void>;
  };

/** Which program a run is trained by: the name of its file, which is not looked for again, and the SHA-256 of its text, in hex. */
export type ProgramIdentity = { readonly name: string; readonly sha256: string };

/** Options of {@link createRunFolder} and {@link reopenRunFolder}. */
export type RunFolderOptions = {
  /** The program of the run, kept in `run.json`. Default: none. */
  readonly program?: ProgramIdentity | undefined;
  /** The `README.md` of the model, from the events so far. Default: none is written. */
  readonly card?: (events: readonly TrainEvent[], model: SavedModel) => string;
};

/**
 * Makes the folder `config.output` of a new run, where {@link claimNewRun} has not made it.
 *
 * @example
 * ```ts ignore
 * import { createRunFolder } from "@kindred/run-folder/node";
 * import { readBy, trainingRun } from "@kindred/trainer";
 *
 * const folder = await createRunFolder(config);
 * for await (const event of readBy(trainingRun(config, { ...parts, saves: folder }), [folder])) console.log(event.type);
 * ```
 */
export async function createRunFolder(config: TrainConfig, options: RunFolderOptions = {}): Promise<RunFolder> {
  makeFolders(config.output);
  await writeRunJson(config, options);
  return openFolder(config, [], options);
}

/**
 * The folder of a run that another process keeps, of which this one writes nothing: each process of a run on several hosts holds all weights and
 * moments, so that the first has all that is to be written.
 *
 * @example
 * ```ts
 * import { keptElsewhere } from "@kindred/run-folder/node";
 *
 * keptElsewhere({ output: "runs/shared" }).events; // => []
 * ```
 */
export function keptElsewhere({ output }: Pick<TrainConfig, "output">): RunFolder {
  return {
    events: [],
    read: () => {},
    writeFile: async () => {},
    saveCheckpoint: async ({ state }) => checkpointFolder(output, state.step),
    saveModel: async () => join(output, "model"),
  };
}

/**
 * Whether a run has ended, with these as its last step and a model: else its end is still to be made.
 *
 * @example
 * ```ts
 * import { isDone } from "@kindred/run-folder/node";
 *
 * isDone("runs/that-is-not-there", 100); // => false
 * ```
 */
export function isDone(run: string, lastStep: number): boolean {
  if (!existsSync(join(run, "model", "modules.json"))) return false;
  const events = eventLines(run).map(({ text, ...place }) => eventOf(text, place));
  return events.some((event) => event.type === "done" && event.steps >= lastStep);
}

/**
 * The folder of a run that goes on after `step`, with this configuration: what its events say of later steps, and its end, is
 * forgotten.
 *
 * @throws DataError naming file and line, if its events are not what was written
 *
 * @example
 * ```ts ignore
 * import { reopenRunFolder, resumePoint } from "@kindred/run-folder/node";
 *
 * const { state } = await resumePoint(config.output);
 * const folder = await reopenRunFolder(config, state.step);
 * folder.events.at(-1)?.type; // "checkpoint"
 * ```
 */
export async function reopenRunFolder(
  config: TrainConfig,
  step: number,
  options: RunFolderOptions = {},
): Promise<RunFolder> {
  const events = eventsUntil(config.output, step);
  await removeLeftovers(config.output);
  await writeRunJson(config, options);
  await writeFileAtomic(
    join(config.output, "events.jsonl"),
    events.map((event) => `${JSON.stringify(event)}\n`).join(""),
  );
  return openFolder(config, events, options);
}

/** What a run that goes on after `step` remembers: its events until then, but for its end. */
function eventsUntil(run: string, step: number): TrainEvent[] {
  return eventLines(run)
    .map(({ text, ...place }) => eventOf(text, place))
    .filter((event) => keeps(event, step));
}

/**
 * Refuses to go on after `step` with a run whose best checkpoint is to be its model, and is gone.
 *
 * @throws ConfigError naming it; DataError if the run's events are not what was written
 *
 * @example
 * ```ts
 * import { expectBestKept } from "@kindred/run-folder/node";
 *
 * const followed = { metric: "dev_mrr@10", greaterIsBetter: true, patience: 0, threshold: 0 };
 * expectBestKept("runs/that-is-not-there", 100, followed); // => undefined
 * ```
 */
export function expectBestKept(run: string, step: number, followed: Followed): void {
  const { best } = standingOf(
    eventsUntil(run, step).filter((event) => event.type === "evaluation"),
    followed,
  );
  if (best === undefined || existsSync(checkpointFolder(run, best.step))) return;
  throw new ConfigError(
    `train: the best checkpoint so far is gone, and loadBestModelAtEnd would write its model. Got no ${checkpointFolder(run, best.step)}. Go on without it: --no-load-best-model-at-end.`,
    { run, step: best.step },
  );
}

function eventLines(run: string): { readonly file: string; readonly line: number; readonly text: string }[] {
  const file = join(run, "events.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  lines.pop(); // after the last line's end; or the beginning of a line whose writing was cut off
  return lines.map((text, i) => ({ file, line: i + 1, text }));
}

function writeRunJson(config: TrainConfig, { program }: RunFolderOptions): Promise<void> {
  // The paths of the configuration are relative to this folder.
  const contents = { config, program, folder: process.cwd() };
  return writeFileAtomic(join(config.output, "run.json"), `${JSON.stringify(contents, null, 2)}\n`);
}

function eventOf(line: string, place: { readonly file: string; readonly line: number }): TrainEvent {
  try {
    const event: unknown = JSON.parse(line);
    if (typeof event === "object" && event !== null && typeof (event as { type?: unknown }).type === "string")
      return event as TrainEvent;
  } catch {
    // said below
  }
  throw new DataError(place, `not an event of a run. Got ${line.slice(0, 40)}. Delete the line to go on without it.`);
}

function keeps(event: TrainEvent, step: number): boolean {
  if (["done", "stopped", "diverged", "rows"].includes(event.type)) return false;
  return !("step" in event) || event.step <= step;
}

function openFolder(
  { output, saveTotalLimit }: TrainConfig,
  earlier: readonly TrainEvent[],
  { card }: RunFolderOptions,
): RunFolder {
  const events = [...earlier];
  return {
    events,
    read(event) {
      events.push(event);
      appendFileSync(join(output, "events.jsonl"), `${JSON.stringify(event)}\n`);
    },
    writeFile: (name, text) => writeFileAtomic(join(output, name), text),
    async saveCheckpoint(checkpoint) {
      const path = await writeCheckpoint(output, checkpoint);
      await dropOldCheckpoints(output, { step: checkpoint.state.step, best: checkpoint.best, keep: saveTotalLimit });
      return path;
    },
    openCheckpoint: (step) => openModelFolder(checkpointFolder(output, step)),
    saveDiverged: (step) => writeDivergedStep(output, step),
    async saveModel(model) {
      const path = join(output, "model");
      const readme = card === undefined ? {} : { readme: card(events, model) };
      await saveModelFolder(path, model, { ...readme, replace: true });
      return path;
    },
  };
}
