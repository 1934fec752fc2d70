import { RequestError } from "./request-error.ts";

/** What bounds the requests that are worked on. */
export type DeskOptions = {
  /** The most requests that are worked on or wait. */
  readonly maxConcurrentRequests: number;
  /** How long one may take. */
  readonly deadlineMs: number;
};

/** Where requests are let in: not too many at once, none when the server is to stop, each with its deadline. */
export type Desk = {
  /**
   * Runs work with a signal that is aborted when its client goes away or its time is up.
   *
   * Rejects with RequestError `overloaded` when there are too many, `unhealthy` once `drain` was called, `timeout` when its time is up.
   */
  admit<Result>(client: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result>;
  /** Lets nobody in any more; resolves when the last one has gone. */
  drain(): Promise<void>;
  readonly isDraining: boolean;
  /** How many requests are worked on or wait. */
  readonly inWork: number;
  /** Since when there is always one, by `performance.now()`. */
  readonly busySince: number;
};

/** A desk at which nobody has asked yet. */
export function openDesk({ maxConcurrentRequests, deadlineMs }: DeskOptions): Desk {
  let [inWork, isDraining] = [0, false];
  const onEmpty: (() => void)[] = [];
  /** From the end of one request to that of the next, on average, where there was no idle time between. */
  let meanGapMs = 0;
  let [lastEnd, busySince] = [0, 0];

  async function admit<Result>(client: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    if (isDraining) throw new RequestError("unhealthy", "The server is about to stop.", { retryAfter: 1 });
    if (inWork >= maxConcurrentRequests) {
      const retryAfter = Math.min(60, Math.max(1, Math.ceil((inWork * meanGapMs) / 1000)));
      const message = `Too many requests at once: ${inWork} are worked on or wait. Ask again in ${retryAfter} s.`;
      throw new RequestError("overloaded", message, { retryAfter });
    }
    client.throwIfAborted();
    const controller = new AbortController();
    const leave = () => controller.abort(client.reason);
    const timer = setTimeout(() => {
      controller.abort(new RequestError("timeout", `There was no answer within ${deadlineMs} ms.`));
    }, deadlineMs);
    client.addEventListener("abort", leave);
    if (inWork === 0) [lastEnd, busySince] = [performance.now(), performance.now()];
    inWork++;
    try {
      return await work(controller.signal);
    } finally {
      clearTimeout(timer);
      client.removeEventListener("abort", leave);
      inWork--;
      const now = performance.now();
      meanGapMs += (now - lastEnd - meanGapMs) / 16;
      lastEnd = now;
      if (inWork === 0) for (const resolve of onEmpty.splice(0)) resolve();
    }
  }

  return {
    admit,
    async drain() {
      isDraining = true;
      if (inWork > 0) await new Promise<void>((resolve) => onEmpty.push(resolve));
    },
    get isDraining() {
      return isDraining;
    },
    get inWork() {
      return inWork;
    },
    get busySince() {
      return busySince;
    },
  };
}
