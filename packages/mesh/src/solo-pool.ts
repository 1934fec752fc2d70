import { type JobHandler, poolOf, type WorkerPool } from "./worker-pool.ts";

/**
 * A pool of one worker in the thread that asks: jobs are done one after another, by priority, and other tasks of the thread run in between.
 *
 * It needs no workers, so a program written for a pool also runs where there are none.
 *
 * @example
 * ```ts
 * import { soloPool } from "@kindred/mesh";
 *
 * const done: string[] = [];
 * await using pool = soloPool((job: string) => done.push(job));
 * await Promise.all([pool.run("first"), pool.run("later"), pool.run("urgent", { priority: 1 })]);
 * done; // => ["first", "urgent", "later"]
 * ```
 */
export function soloPool<Job, Result>(handle: JobHandler<Job, Result>): WorkerPool<Job, Result> {
  return poolOf<Job, Result>([
    {
      takesUrgent: false,
      async run(job, { signal }) {
        await nextTask();
        signal.throwIfAborted();
        return handle(job, { signal, serveUrgent: () => {} });
      },
      stop: async () => {},
    },
  ]);
}

/** Resolves when tasks that wait (timers, input, aborts) have had their turn. A message is not held back as a timer is. */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
