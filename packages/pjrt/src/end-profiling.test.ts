import { expect, test } from "vitest";
import { profilingTimers } from "./end-profiling.ts";

test("finds the timers that send SIGPROF, and no others", () => {
  const entry = (id: number, signal: number) =>
    `ID: ${id}\nsignal: ${signal}/0000000000000000\nnotify: signal/tid.${27 + id}\nClockID: -2\n`;
  expect(profilingTimers("")).toEqual([]);
  expect(profilingTimers([entry(27, 14), entry(5, 27), entry(2, 127), entry(0, 27)].join(""))).toEqual([5, 0]);
});
