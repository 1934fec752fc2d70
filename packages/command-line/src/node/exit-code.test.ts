import { DataError } from "@kindred/errors";
import { afterEach, expect, test, vi } from "vitest";
import { exitCodeOf } from "./index.ts";

const printed = vi.spyOn(process.stderr, "write").mockImplementation(() => true);
afterEach(() => printed.mockClear());

test("work that ends gives 0 and prints nothing", async () => {
  expect(await exitCodeOf(async () => {})).toBe(0);
  expect(printed).not.toHaveBeenCalled();
});

test("a typed error gives its own code and prints its message alone", async () => {
  const broken = async () => {
    throw new DataError({ file: "a.jsonl", line: 7 }, "not JSON.");
  };
  expect(await exitCodeOf(broken)).toBe(3);
  expect(printed.mock.calls).toEqual([["a.jsonl:7: not JSON.\n"]]);
});

test("a defect gives 1 and prints its stack", async () => {
  const broken = async () => {
    throw new TypeError("x is undefined");
  };
  expect(await exitCodeOf(broken)).toBe(1);
  expect(String(printed.mock.calls[0]?.[0])).toMatch(/TypeError: x is undefined\n\s+at /);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s aborts the work, and %i is the code whether the work ends or throws the reason", async (name, code) => {
  const ends = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  const throws = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  for (const work of [ends, throws]) {
    const ended = exitCodeOf(work);
    process.emit(name, name);
    process.emit(name, name); // the second of a pair, from the terminal and a parent
    expect(await ended).toBe(code);
  }
  expect(printed).not.toHaveBeenCalled();
  expect(process.listenerCount(name)).toBe(0);
});

test("a reader of standard output that has gone stops the work, quietly, with 141; another failure of it is told", async () => {
  const ends = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const gone = exitCodeOf(ends);
  process.stdout.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
  expect(await gone).toBe(141);
  expect(printed).not.toHaveBeenCalled();
  const full = exitCodeOf(ends);
  process.stdout.emit("error", Object.assign(new Error("no space left"), { code: "ENOSPC" }));
  expect(await full).toBe(1);
  expect(printed.mock.calls).toEqual([["standard output: no space left on the disk (ENOSPC).\n"]]);
  process.stdout.emit("error", new Error("after the end"));
});

test("what is written last may fail once the work is done, and counts", async () => {
  const code = exitCodeOf(async () => {
    process.nextTick(() => process.stdout.emit("error", Object.assign(new Error("no space"), { code: "ENOSPC" })));
  });
  expect(await code).toBe(1);
  expect(printed.mock.calls).toEqual([["standard output: no space left on the disk (ENOSPC).\n"]]);
  printed.mockClear();
  const nameless = exitCodeOf(async () => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  });
  expect(await nameless).toBe(1);
  expect(printed.mock.calls).toEqual([["A file could not be written or read: no space left on the disk (ENOSPC).\n"]]);
});

test("what the system refuses is one line with its path, and a terminal that has gone is a SIGHUP", async () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    path: "run/a.bin",
  });
  const refused = exitCodeOf(async () => {
    throw full;
  });
  expect(await refused).toBe(1);
  expect(printed.mock.calls).toEqual([["run/a.bin: no space left on the disk (ENOSPC).\n"]]);
  printed.mockClear();
  const ended = exitCodeOf(
    (signal) => new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const isTTY = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
  Object.defineProperty(process.stderr, "isTTY", { value: true, configurable: true });
  process.stderr.emit("error", Object.assign(new Error("write EIO"), { code: "EIO" }));
  if (isTTY === undefined) Reflect.deleteProperty(process.stderr, "isTTY");
  else Object.defineProperty(process.stderr, "isTTY", isTTY);
  expect(await ended).toBe(129);
  expect(printed).not.toHaveBeenCalled();
});
