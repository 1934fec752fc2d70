/** The main thread, as a core's thread sees it. */
export type MainPort = {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
};
