import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ConfigError, DataError, ShapeError, WorkerError } from "@kindred/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
// Threads run compiled code, so these tests use the build: `tsc -b packages/mesh`.
import { startPool } from "../../dist/node/index.js";

const program = new URL("../../test-programs/pool.mjs", import.meta.url);
type Job = readonly [what: string, argument?: unknown];
const start = (size: number, data?: unknown) => startPool<Job, unknown>({ size, program, data });

test("every job gets its own result, on any number of workers, and each runs once", async () => {
  await using pool = await start(3, { base: 100 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fc.integer({ min: -9, max: 9 }))), async (jobs) => {
      const results = await Promise.all(jobs.map((numbers) => pool.run(["add", numbers])));
      expect(results).toEqual(jobs.map((numbers) => numbers.reduce((sum, x) => sum + x, 100)));
    }),
    { numRuns: 20 },
  );
});

test("a free worker takes a short job beside a long one", async () => {
  await using pool = await start(2);
  const order: string[] = [];
  const jobs = [
    ["sleep", 300],
    ["sleep", 1],
    ["sleep", 1],
  ] as const;
  await Promise.all(jobs.map(async (job, i) => pool.run(job).then(() => order.push(`job ${i}`))));
  expect(order).toEqual(["job 1", "job 2", "job 0"]);
});

test("what is in the transfer list is moved", async () => {
  await using pool = await start(1);
  const array = new Float32Array(5);
  expect(await pool.run(["length", array], { transfer: [array.buffer] })).toBe(5);
  expect(array.length).toBe(0);
});

test("what a program posts arrives in main, before the pool is ready if it was posted by then", async () => {
  const messages: unknown[] = [];
  await using _ = await startPool<Job, unknown>({
    size: 2,
    program,
    data: { greets: true },
    onMessage: (message) => messages.push(message),
  });
  expect(messages).toEqual(["set up", "set up"]);
});

test("a job that throws, or whose job or result cannot be sent, is rejected with that error, and its worker goes on", async () => {
  await using pool = await start(1);
  await expect(pool.run(["throw"])).rejects.toThrow(DataError);
  await expect(pool.run(["throw"])).rejects.toMatchObject({ line: 7, message: "pairs.jsonl:7: not JSON." });
  await expect(pool.run(["unclonable"])).rejects.toMatchObject({ name: "DataCloneError" });
  await expect(pool.run(["echo", () => {}])).rejects.toMatchObject({ name: "DataCloneError" });
  await pool.run(["echo"]);
  expect(await pool.run(["done"])).toBeGreaterThanOrEqual(1); // it is the same worker still
});

test.each([
  ["exits", ["exit", 3], "run: the thread of worker 0 ended by itself. Got exit code 3."],
  ["leaves an error uncaught", ["crash"], "run: the thread of worker 0 ended by itself. Got pairs.jsonl:7: not JSON.."],
] as const)(
  "a worker that %s rejects its job, and another takes its place for those that wait",
  async (_, job, message) => {
    await using pool = await start(1);
    await pool.run(["echo", 1]);
    const died = pool.run(job);
    const waiting = pool.run(["echo", "next"]);
    await expect(died).rejects.toThrow(WorkerError);
    await expect(died).rejects.toThrow(message);
    expect(await waiting).toBe("next");
    expect(await pool.run(["done"])).toBe(1);
  },
);

test("a worker that dies between jobs is replaced when the next comes", async () => {
  await using pool = await start(1);
  await pool.run(["idleThenExit", 5]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await pool.run(["echo", 1])).toBe(1);
});

test("a worker hears that its job was aborted, and is free as soon as it ends", async () => {
  await using pool = await start(1);
  const controller = new AbortController();
  const job = pool.run(["untilAborted"], { signal: controller.signal });
  setTimeout(() => controller.abort(new RangeError("enough")), 50);
  await expect(job).rejects.toThrow("enough");
  expect(await pool.run(["echo", 1])).toBe(1);
});

test("an urgent job runs in the middle of a long synchronous one, and so does an abort", async () => {
  await using pool = await start(1);
  const order: string[] = [];
  const long = pool.run(["busyServing", 2000]).then(() => order.push("long"));
  const equal = pool.run(["echo", "equal"]).then(() => order.push("equal"));
  expect(await pool.run(["echo", "urgent"], { priority: 1 })).toBe("urgent");
  await expect(pool.run(["throw"], { priority: 1 })).rejects.toThrow(DataError);
  expect(order).toEqual([]);
  await Promise.all([long, equal]);
  expect(order).toEqual(["long", "equal"]);

  const controller = new AbortController();
  const aborted = pool.run(["busyServing", 60_000], { signal: controller.signal });
  controller.abort();
  await expect(aborted).rejects.toThrow();
  expect(await pool.run(["echo", "next"])).toBe("next");
});

test("closing in the middle of a job rejects it, even if the worker never listens", async () => {
  const pool = await start(1);
  const job = expect(pool.run(["busy"])).rejects.toThrow("run: the pool was closed.");
  await new Promise((resolve) => setTimeout(resolve, 50));
  await pool.close();
  await job;
});

describe("starting", () => {
  test("a program that fails at the start is its own error", async () => {
    await expect(start(2, { failAtStart: true })).rejects.toThrow(DataError);
  });

  test("workers that never get ready are named", async () => {
    const late = startPool({ size: 2, program, data: { hangAtStart: true }, startTimeoutMs: 400 });
    await expect(late).rejects.toThrow("startPool: workers 0, 1 are not ready. Got nothing in 400 ms.");
  });

  test("a module without a program, and a size that is none, are refused", async () => {
    const empty = new URL("data:text/javascript,export const a = 1");
    await expect(startPool({ size: 1, program: empty })).rejects.toThrow(ConfigError);
    await expect(startPool({ size: 0, program })).rejects.toThrow(ShapeError);
  });
});

describe("handles", () => {
  /** Runs a script that has startPool and `options` in a process of its own; fails if that does not end by itself. */
  const inProcess = async (script: string) => {
    const index = new URL("../../dist/node/index.js", import.meta.url).href;
    const prologue = `import { startPool } from ${JSON.stringify(index)};
      const options = { size: 2, program: new URL(${JSON.stringify(program.href)}) };
      const pool = await startPool(options);`;
    const parameters = ["--input-type=module", "--eval", prologue + script];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 20_000 });
    return stdout.trim();
  };

  test("an idle pool does not keep the process alive, nor does one whose worker died", async () => {
    expect(await inProcess(`console.log(await pool.run(["echo", 1]));`)).toBe("1");
    expect(await inProcess(`await pool.run(["exit", 3]).catch(({ name }) => console.log(name));`)).toBe("WorkerError");
  });

  test("jobs that run or wait do", async () => {
    const script = `for (const ms of [100, 100, 50]) pool.run(["sleep", ms]).then(() => console.log(ms));`;
    expect((await inProcess(script)).split("\n").sort()).toEqual(["100", "100", "50"]);
  });

  test("a process with flags that Node refuses to a worker by name has a pool all the same", async () => {
    const index = new URL("../../dist/node/index.js", import.meta.url).href;
    const script = `import(${JSON.stringify(index)}).then(async ({ startPool }) => {
      const pool = await startPool({ size: 1, program: new URL(${JSON.stringify(program.href)}) });
      console.log(await pool.run(["echo", 1]));
    });`;
    const parameters = ["--max-semi-space-size=2", "--eval", script];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { timeout: 20_000 });
    expect(stdout.trim()).toBe("1");
  });
});
