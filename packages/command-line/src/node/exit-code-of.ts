import { constants } from "node:os";
import { KindredError } from "@kindred/errors";

/** Signals that ask a command to stop. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The same Ctrl-C may arrive twice, from the terminal and from a parent process: within this time it is one. */
const sameSignalMs = 1000;

/**
 * Runs a command's work and gives the exit code of it: 0; the error's own for a typed error, whose message alone is printed; 1
 * for a defect, printed with its stack; 128 + the signal's number (130 for Ctrl-C, 143 for SIGTERM) when a signal asked to stop.
 *
 * The first signal aborts `signal` (its reason is the signal's name), and the work then ends in its own way. Another one, later,
 * ends the process at once.
 *
 * @example
 * ```ts
 * import { exitCodeOf } from "@kindred/command-line/node";
 * import { ConfigError } from "@kindred/errors";
 *
 * await exitCodeOf(async () => {}); // => 0
 * const refuse = async () => {
 *   throw new ConfigError("greet: no name. Expected --name NAME.");
 * };
 * await exitCodeOf(refuse); // => 2
 * ```
 */
export async function exitCodeOf(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  let stopCode = 0;
  let firstAt = 0;
  const onSignal = (name: (typeof signals)[number]) => {
    if (stopCode !== 0) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(stopCode);
      return;
    }
    stopCode = 128 + constants.signals[name];
    firstAt = performance.now();
    stop.abort(name);
  };
  for (const name of signals) process.on(name, onSignal);
  try {
    await work(stop.signal);
    return stopCode;
  } catch (error) {
    if (stopCode !== 0 && error === stop.signal.reason) return stopCode;
    const isExpected = error instanceof KindredError;
    process.stderr.write(`${isExpected ? error.message : ((error as Error)?.stack ?? String(error))}\n`);
    return isExpected ? error.exitCode : 1;
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}
