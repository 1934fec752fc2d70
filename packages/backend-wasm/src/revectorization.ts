/** V8's pairing of 128-bit instructions to 256 bits, switched on. */
export type Revectorization = {
  /** Switches it off for what is compiled from then on, in all threads of the process. */
  readonly disable: () => void;
};
