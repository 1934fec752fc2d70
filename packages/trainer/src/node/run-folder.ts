import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { writeFileAtomic } from "@kindred/tensor-files/node";
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
 * Makes the folder of a new run.
 *
 * @throws ConfigError if it is there already and not empty.
 */
export async function createRunFolder(path: string, config: TrainConfig): Promise<RunFolder> {
  if (existsSync(path) && (!statSync(path).isDirectory() || readdirSync(path).length > 0)) {
    throw new ConfigError(
      `train: the output folder is not empty. Got ${path}. Choose another, or go on with that run by --resume ${path}.`,
      { output: path },
    );
  }
  mkdirSync(path, { recursive: true });
  await writeFileAtomic(join(path, "run.json"), new TextEncoder().encode(`${JSON.stringify({ config }, null, 2)}\n`));
  return openFolder(path, []);
}

/** The folder of a run that goes on after `step`: what its events say of later steps, and its end, is forgotten. */
export async function reopenRunFolder(path: string, step: number): Promise<RunFolder> {
  const file = join(path, "events.jsonl");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  lines.pop(); // after the last line's end; or the beginning of a line whose writing was cut off
  const events = lines.map((line) => JSON.parse(line) as TrainEvent).filter((event) => keeps(event, step));
  await writeFileAtomic(file, new TextEncoder().encode(events.map((event) => `${JSON.stringify(event)}\n`).join("")));
  return openFolder(path, events);
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
    report: () => writeFileAtomic(join(path, "report.html"), new TextEncoder().encode(reportHtml(events))),
  };
}
