import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { reporter } from "./progress.ts";

let [said, events] = ["", ""];
beforeEach(() => {
  [said, events] = ["", ""];
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    events += String(text);
    return true;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  Reflect.deleteProperty(process.stderr, "isTTY");
});

const now = { rows: 15_000, own: 5000, tokens: 60_000, total: 25_000 };

test("elsewhere than on a terminal there is a line, and an event, every half minute", () => {
  const report = reporter({ quiet: false, json: true });
  vi.advanceTimersByTime(5000);
  report.begin();
  vi.advanceTimersByTime(29_000);
  report.progress(now);
  expect([said, events]).toEqual(["", ""]);
  vi.advanceTimersByTime(1000);
  report.progress(now);
  report.progress(now);
  expect(said).toBe("15,000 rows, 167 rows/s, 2,000 tokens/s, 60 s left\n");
  expect(JSON.parse(events)).toEqual({
    ...{ type: "progress", rows: 15_000, rowsPerSecond: 5000 / 30, tokensPerSecond: 2000, secondsLeft: 60 },
  });
});

test("on a terminal a line is renewed, and is gone when something is said", () => {
  Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
  const report = reporter({ quiet: false, json: false });
  vi.advanceTimersByTime(1000);
  report.progress(now);
  report.progress(now);
  report.say("done");
  expect(said).toBe("\r\u001b[K15,000 rows, 5,000 rows/s, 60,000 tokens/s, 2 s left\r\u001b[Kdone\n");
  vi.advanceTimersByTime(1000);
  report.progress({ ...now, total: undefined });
  expect(said).toMatch(/2,500 rows\/s, 30,000 tokens\/s$/);
});

test("quiet says nothing, and long times are said in minutes and hours", () => {
  const quiet = reporter({ quiet: true, json: false });
  const loud = reporter({ quiet: false, json: false });
  vi.advanceTimersByTime(40_000);
  quiet.progress(now);
  quiet.say("done");
  expect(said + events).toBe("");
  loud.progress({ ...now, total: 115_000 });
  expect(said).toMatch(/, 13 min left\n$/);
  vi.advanceTimersByTime(40_000);
  loud.progress({ ...now, total: 5_015_000 });
  expect(said).toMatch(/, 22\.2 h left\n$/);
});
