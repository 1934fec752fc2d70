import { readFileSync } from "node:fs";
import type { Native } from "./native.ts";

const profilingSignal = 27;

/**
 * Ends the timers by which libtpu samples its threads. They send SIGPROF on, while Node, as a process ends by itself, takes every handler of
 * signals away: the process would be killed by it, with exit code 155, when all was done.
 */
export function endProfiling(native: Native): void {
  for (const id of profilingTimers(readTimers())) native.deleteTimer(id);
}

/** The kernel's list of a process's timers; empty where it keeps none. */
function readTimers(): string {
  try {
    return readFileSync("/proc/self/timers", "utf8");
  } catch {
    return "";
  }
}

/** The ids of those that send SIGPROF. */
export function profilingTimers(list: string): number[] {
  const found = list.matchAll(/^ID: (\d+)\nsignal: (\d+)\//gm);
  return [...found].flatMap(([, id, signal]) => (Number(signal) === profilingSignal ? [Number(id)] : []));
}
