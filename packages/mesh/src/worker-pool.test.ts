import { ConfigError, WorkerError } from "@kindred/errors";
import { expectMutantToFail } from "@kindred/testing";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Lane, poolOf, soloPool, type WorkerPool } from "./worker-pool.ts";

/** Lanes that end a job when they are told to, and what they have begun, in order. */
function handLanes(count: number, takesUrgent = false) {
  const begun: number[] = [];
  const open = new Map<number, { resolve: (result: string) => void; reject: (reason: unknown) => void }>();
  const lane: Omit<Lane<number, string>, "takesUrgent"> = {
    run: (job) =>
      new Promise((resolve, reject) => {
        begun.push(job);
        open.set(job, { resolve, reject });
      }),
    stop: async () => {},
  };
  return { begun, open, lanes: Array.from({ length: count }, () => ({ ...lane, takesUrgent })) };
}

/** Lets promises that can settle do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const anyJobs = fc.array(fc.record({ priority: fc.integer({ min: -2, max: 2 }), aborted: fc.boolean() }), {
  minLength: 1,
  maxLength: 30,
});
type Jobs = typeof anyJobs extends fc.Arbitrary<infer T> ? T : never;

/** All jobs are handed over before one is done; those that are aborted are so before any is done. Gives the order in which they begin. */
async function orderOf(jobs: Jobs, workers: number, change = (priority: number) => priority): Promise<number[]> {
  const { begun, open, lanes } = handLanes(workers);
  const pool = poolOf(lanes);
  const controllers = jobs.map(() => new AbortController());
  const results = jobs.map(({ priority }, job) =>
    pool.run(job, { priority: change(priority), signal: controllers[job]?.signal }).catch(() => "aborted"),
  );
  await settle();
  for (const [job, { aborted }] of jobs.entries()) if (aborted) controllers[job]?.abort();
  for (let done = 0; done < begun.length; done++) {
    open.get(begun[done] ?? -1)?.resolve(`${begun[done]}`);
    await settle();
  }
  expect(await Promise.all(results)).toEqual(jobs.map(({ aborted }, job) => (aborted ? "aborted" : `${job}`)));
  return begun;
}

/** The first jobs find a free worker; the others wait, and are taken by priority, equal ones in their order, aborted ones never. */
function expectedOrder(jobs: Jobs, workers: number): number[] {
  const all = jobs.map((job, number) => ({ ...job, number }));
  const waiting = all.slice(workers).filter(({ aborted }) => !aborted);
  const sorted = waiting.sort((a, b) => b.priority - a.priority || a.number - b.number);
  return [...all.slice(0, workers), ...sorted].map(({ number }) => number);
}

const orderLaw =
  (change?: (priority: number) => number): (() => Promise<void>) =>
  () =>
    fc.assert(
      fc.asyncProperty(anyJobs, fc.integer({ min: 1, max: 3 }), async (jobs, workers) => {
        expect(await orderOf(jobs, workers, change)).toEqual(expectedOrder(jobs, workers));
      }),
    );

test(
  "free workers take the highest priority first and equal ones in order; jobs aborted while they wait never begin, and every other gets its own result",
  orderLaw(),
);

test("the law notices priorities that are ignored, or turned around", async () => {
  await expectMutantToFail(orderLaw(() => 0));
  await expectMutantToFail(orderLaw((priority) => -priority));
});

test("a job that fails is rejected with its own error, and its worker takes the next", async () => {
  const { open, lanes } = handLanes(1);
  const pool = poolOf(lanes);
  const [bad, good] = [pool.run(0), pool.run(1)];
  const error = new RangeError("no");
  open.get(0)?.reject(error);
  await expect(bad).rejects.toBe(error);
  await settle();
  open.get(1)?.resolve("1");
  expect(await good).toBe("1");
});

test("a job that is aborted while it runs is rejected at once with the signal's reason, and its worker is busy until it ends", async () => {
  const { begun, open, lanes } = handLanes(1);
  const pool = poolOf(lanes);
  const controller = new AbortController();
  const first = pool.run(0, { signal: controller.signal });
  const second = pool.run(1);
  await settle();
  controller.abort("enough");
  await expect(first).rejects.toBe("enough");
  await settle();
  expect(begun).toEqual([0]);
  open.get(0)?.resolve("too late");
  await settle();
  open.get(1)?.resolve("1");
  expect(await second).toBe("1");
});

test("the worker of an aborted job is told, and one of a finished job is not", async () => {
  const signals: AbortSignal[] = [];
  const lane: Lane<number, number> = {
    takesUrgent: false,
    run: async (job, { signal }) => {
      signals.push(signal);
      return job === 0 ? new Promise(() => {}) : job;
    },
    stop: async () => {},
  };
  const pool = poolOf([{ ...lane }, { ...lane }]);
  const [running, finished] = [new AbortController(), new AbortController()];
  const result = pool.run(0, { signal: running.signal });
  await pool.run(1, { signal: finished.signal });
  for (const controller of [running, finished]) controller.abort();
  await expect(result).rejects.toThrow();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

test("an urgent job goes into the middle of the least urgent one, one at a time, where a worker can take it", async () => {
  const { begun, open, lanes } = handLanes(2, true);
  const pool = poolOf(lanes);
  const jobs = [1, 0, 2, 0, 3].map((priority, job) => pool.run(job, { priority }));
  await settle();
  expect(begun).toEqual([0, 1, 2, 4]); // 2 within 1, which has priority 0, and 4 within 0; equals wait
  open.get(2)?.resolve("2");
  await settle();
  expect(begun).toEqual([0, 1, 2, 4]); // 3 is no more urgent than 1
  open.get(1)?.resolve("1");
  await settle();
  expect(begun).toEqual([0, 1, 2, 4, 3]);
  for (const job of [0, 3, 4]) open.get(job)?.resolve(`${job}`);
  expect(await Promise.all(jobs)).toEqual(["0", "1", "2", "3", "4"]);
});

test("a job whose signal is aborted already never begins; a priority that is no number is refused", async () => {
  const { begun, lanes } = handLanes(1);
  const pool = poolOf(lanes);
  await expect(pool.run(0, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
  await expect(pool.run(0, { priority: Number.NaN })).rejects.toThrow(ConfigError);
  expect(begun).toEqual([]);
});

test("closing rejects what waits and what runs, and later jobs", async () => {
  const { lanes } = handLanes(1);
  const pool = poolOf(lanes);
  const results = [pool.run(0), pool.run(1)].map((result) => expect(result).rejects.toThrow(WorkerError));
  await settle();
  await pool.close();
  await Promise.all(results);
  await expect(pool.run(2)).rejects.toThrow("run: the pool was closed.");
});

describe("a pool of one in this thread", () => {
  test("does jobs by priority, lets other tasks run in between, and passes on errors", async () => {
    const done: string[] = [];
    await using pool: WorkerPool<string, void> = soloPool((job) => {
      if (job === "bad") throw new RangeError(job);
      done.push(job);
    });
    const jobs = ["a", "b", "bad", "c", "d", "e"].map((job) => pool.run(job, { priority: job === "e" ? 1 : 0 }));
    setImmediate(() => done.push("another task"));
    const results = await Promise.allSettled(jobs);
    expect(done).toEqual(["a", "another task", "e", "b", "c", "d"]);
    expect(results.map(({ status }) => status).indexOf("rejected")).toBe(2);
  });

  test("drops a job that is aborted in between", async () => {
    const done: number[] = [];
    await using pool = soloPool((job: number) => done.push(job));
    const controller = new AbortController();
    const first = pool.run(2, { signal: controller.signal });
    const aborted = pool.run(1, { signal: controller.signal });
    setImmediate(() => controller.abort("stop"));
    await expect(aborted).rejects.toBe("stop");
    await first;
    await pool.run(3);
    expect(done).toEqual([2, 3]);
  });
});
