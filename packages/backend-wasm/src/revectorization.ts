/** V8's pairing of 128-bit instructions to 256 bits, switched on. */
export type Revectorization = {
  /** The address of the module whose default export, called in another thread of the process, gives this there. */
  readonly module: string;
  /** Switches it off for what is compiled from then on, in all threads of the process. Left out where it came from another thread. */
  readonly disable?: () => void;
};
