/** A thread, as main sees it: with {@link MainPort}, the one place where Node's worker threads and the Web's workers differ. */
export type Thread = {
  post(message: unknown, transfer: readonly Transferable[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The thread ended by itself: with an error that nobody caught, or in a way that has no error of its own, in words. */
  onEnd(listener: (cause: Error | string) => void): void;
  /** Whether the thread can look for messages in the middle of a job: {@link MainPort.receiveNow}. */
  readonly receivesInJobs: boolean;
  /** While held, the thread keeps the process alive. A new one is held. */
  hold(): void;
  release(): void;
  /** Ends the thread, whatever it does; resolves when it has ended. */
  stop(): Promise<void>;
};

/** Main, as a thread sees it. */
export type MainPort = {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The next message that waits, if any, without leaving the present call. A web worker has no such means. */
  receiveNow?(): { readonly message: unknown } | undefined;
};

/**
 * A web worker as a thread. What nobody catches in it, or cannot be loaded, is its end; a page keeps itself alive.
 *
 * @param worker its module serves main, see `thread-main.ts`.
 */
export function webThread(worker: Worker): Thread {
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    onMessage: (listener) => worker.addEventListener("message", ({ data }) => listener(data)),
    onEnd: (listener) => {
      worker.addEventListener("messageerror", () => listener("a message that cannot be read"));
      worker.addEventListener("error", ({ message, filename, lineno, error }) => {
        const place = filename === "" ? "" : ` (${filename}:${lineno})`;
        listener(error instanceof Error ? error : `${message || "a worker that cannot be loaded"}${place}`);
      });
    },
    receivesInJobs: false,
    hold: () => {},
    release: () => {},
    stop: async () => worker.terminate(),
  };
}

/** Main, for code that runs in a web worker. */
export function webPort(): MainPort {
  addEventListener("unhandledrejection", ({ reason }) => reportError(reason)); // a worker's main hears of errors alone
  return {
    post: (message) => postMessage(message),
    onMessage: (listener) => addEventListener("message", ({ data }) => listener(data)),
  };
}
