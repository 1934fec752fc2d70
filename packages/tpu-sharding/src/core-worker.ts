/** A thread that runs one core, as main sees it: the one place where Node's and the Web's workers differ. */
export type CoreWorker = {
  post(message: unknown, transfer: readonly Transferable[]): void;
  onMessage(listener: (message: unknown) => void): void;
  /** The thread ended by itself: with an error that nobody caught, or with this exit code. */
  onEnd(listener: (cause: Error | number) => void): void;
  /** While held, the thread keeps the process alive. A new one is held. */
  hold(): void;
  release(): void;
  /** Ends the thread, whatever it does; resolves when it has ended. */
  stop(): Promise<void>;
};
