import { Worker } from "node:worker_threads";
import { fromPlainError, toPlainError } from "@kindred/errors";
import type { Thread } from "../thread.ts";

/** The file that a thread runs: beside this one; for sources on a Node that cannot run them, the built one. */
function threadMainUrl(): URL {
  if (!import.meta.url.endsWith(".ts")) return new URL("./thread-main.js", import.meta.url);
  const runsTypes = (process.features as { typescript?: unknown }).typescript;
  return new URL(runsTypes ? "./thread-main.ts" : "../../dist/node/thread-main.js", import.meta.url);
}

/** A thread on Node. `heapLimitBytes` bounds its JavaScript heap (typed arrays and tfjs's memory are outside it). */
export function spawnThread(name: string, { heapLimitBytes }: { heapLimitBytes?: number | undefined } = {}): Thread {
  const limits = heapLimitBytes === undefined ? {} : { maxOldGenerationSizeMb: Math.ceil(heapLimitBytes / 2 ** 20) };
  const worker = new Worker(threadMainUrl(), {
    name,
    resourceLimits: limits,
    execArgv: workerArguments(),
  });
  let stopping = false;
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as never),
    onMessage: (listener) => worker.on("message", listener),
    onEnd: (listener) => {
      worker.on("messageerror", (error) => listener(error));
      worker.on("error", (error) => listener(uncaught(error)));
      worker.on("exit", (code) => {
        if (!stopping) listener(`exit code ${code}`);
      });
    },
    receivesInJobs: true,
    hold: () => worker.ref(),
    release: () => worker.unref(),
    stop: async () => {
      stopping = true;
      await worker.terminate();
    },
  };
}

/** Main's flags, but for `--input-type`: Node applies it to the worker's file as well, and refuses. */
function workerArguments(): string[] {
  const named = (argument: string | undefined) => argument === "--input-type";
  return process.execArgv.filter(
    (argument, i, all) => !named(argument) && !argument.startsWith("--input-type=") && !named(all[i - 1]),
  );
}

/** Node passes on an uncaught error's own properties but not its class; running out of memory is a code of its own. */
function uncaught(thrown: unknown): Error | string {
  if (!(thrown instanceof Error)) return fromPlainError(toPlainError(thrown));
  const error: Error & { code?: unknown; details?: object } = thrown;
  if (error.code === "ERR_WORKER_OUT_OF_MEMORY") return `too little memory (${error.message})`;
  return fromPlainError({ ...toPlainError(error), details: { ...error.details } });
}
