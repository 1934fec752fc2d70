import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ConfigError, DataError } from "@kindred/errors";
import { writeFileAtomic } from "@kindred/files/node";
import { reportHtml } from "../report-html.ts";
import type { TrainEvent } from "../train-event.ts";
import type { TrainConfig } from "../train-options.ts";

/** The folder of a run: its configuration (`run.json`), its events (`events.jsonl`) and its report (`report.html`). */
export type RunFolder = {
  readonly path: string;
  /** All events so far. */
  readonly events: readonly TrainEvent[];
  /** Keeps an event: in memory, and as a line of `events.jsonl`. */
  record(event: TrainEvent): void;
  /** Writes `report.html` from the events so far. */
  report(): Promise<void>;
};

/**
 * Looks whether a new run may make this its folder.
 *
 * @throws ConfigError if it is there already and not empty, or cannot be made because a file stands in its way
 */
export function expectNewFolder(path: string): void {
  const there = nearestThere(path);
  const isFolder = statSync(there).isDirectory();
  if (isFolder && (there !== resolve(path) || readdirSync(there).length === 0)) return;
  if (!isFolder)
    throw new ConfigError(`train: the output cannot be a folder: ${there} is a file. Choose another output.`, {
      output: path,
    });
  throw new ConfigError(
    `train: the output folder is not empty. Got ${path}. Choose another, or go on with that run by --resume ${path}.`,
    { output: path },
  );
}

/** The path itself, or the nearest folder above it that exists. */
function nearestThere(path: string): string {
  let there = resolve(path);
  while (!existsSync(there)) there = dirname(there);
  return there;
}

/** Makes the folder of a new run, for {@link expectNewFolder} has let it pass. */
export async function createRunFolder(path: string, config: TrainConfig): Promise<RunFolder> {
  mkdirSync(path, { recursive: true });
  await writeConfig(path, config);
  return openFolder(path, []);
}

/**
 * The folder of a run that goes on after `step`, with this configuration: what its events say of later steps, and its end, is
 * forgotten.
 *
 * @throws DataError naming file and line, if its events are not what was written
 */
export async function reopenRunFolder(path: string, config: TrainConfig, step: number): Promise<RunFolder> {
  const file = join(path, "events.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  lines.pop(); // after the last line's end; or the beginning of a line whose writing was cut off
  const events = lines.map((line, i) => eventOf(line, { file, line: i + 1 })).filter((event) => keeps(event, step));
  await writeConfig(path, config);
  await writeFileAtomic(file, events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  return openFolder(path, events);
}

function writeConfig(path: string, config: TrainConfig): Promise<void> {
  return writeFileAtomic(join(path, "run.json"), `${JSON.stringify({ config }, null, 2)}\n`);
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
  if (event.type === "done" || event.type === "stopped" || event.type === "examples") return false;
  return !("step" in event) || event.step <= step;
}

function openFolder(path: string, earlier: readonly TrainEvent[]): RunFolder {
  const events = [...earlier];
  return {
    path,
    events,
    record(event) {
      events.push(event);
      appendFileSync(join(path, "events.jsonl"), `${JSON.stringify(event)}\n`);
    },
    report: () => writeFileAtomic(join(path, "report.html"), reportHtml(events)),
  };
}
