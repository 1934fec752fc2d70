import { appendFileSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";

/**
 * A new event file for TensorBoard in the `tensorboard` folder of a run, after those of the run's earlier parts: gives what appends bytes to it. The
 * file is there with its first bytes. A record whose writing was cut off ends its file, and does not harm: TensorBoard reads up to it.
 *
 * @example
 * ```ts
 * import { mkdtempSync, readdirSync } from "node:fs";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { openEventFile } from "@kindred/run-folder/node";
 *
 * const run = mkdtempSync(join(tmpdir(), "run-"));
 * openEventFile(run, { now: () => 1_700_000_000_000 })(new Uint8Array(16));
 * readdirSync(join(run, "tensorboard")); // => ["events.out.tfevents.1700000000.0001"]
 * ```
 */
export function openEventFile(
  run: string,
  {
    now = Date.now,
  }: { /** Milliseconds since 1970. Default: those of the machine. */ readonly now?: () => number } = {},
): (bytes: Uint8Array) => void {
  const folder = join(run, "tensorboard");
  let path: string | undefined;
  return (bytes) => {
    if (path === undefined) {
      mkdirSync(folder, { recursive: true });
      path = join(folder, nameAfter(readdirSync(folder), Math.floor(now() / 1000)));
    }
    appendFileSync(path, bytes);
  };
}

/** TensorBoard reads files in the order of their names: a clock that was put back must not change it. */
function nameAfter(names: readonly string[], seconds: number): string {
  const earlier = names.flatMap((name) => {
    const [, time, number] = /^events\.out\.tfevents\.(\d+)\.(\d+)$/.exec(name) ?? [];
    return time === undefined || number === undefined ? [] : [{ time: Number(time), number: Number(number) }];
  });
  const time = earlier.reduce((latest, { time }) => Math.max(latest, time), seconds);
  const number = earlier.reduce((highest, { number }) => Math.max(highest, number), 0) + 1;
  return `events.out.tfevents.${String(time).padStart(10, "0")}.${String(number).padStart(4, "0")}`;
}
