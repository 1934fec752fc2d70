/**
 * What the cores of one mesh share. Plain data: main makes it once and posts it to every worker as it is.
 *
 * `words` holds the abort flag, the barrier and what each core is about to do; `scratch` is one buffer a core, in two halves,
 * through which arrays of any size pass in pieces. After an abort the counters are dirty: a new mesh needs new memory.
 */
export type MeshMemory = {
  readonly size: number;
  readonly words: SharedArrayBuffer;
  readonly scratch: readonly SharedArrayBuffer[];
  /** How often a waiting core looks before it sleeps; 0 where there are more cores than hardware threads. */
  readonly spins: number;
  /** How long a core waits in one collective before it gives up: a safety net, not a means of noticing failures. */
  readonly timeoutMs: number;
};

/** Places in `words`. */
export const word = {
  /** 0 = running, core + 1 = that core failed, −1 = the mesh was closed. */
  stopped: 0,
  /** Cores that stand at the present meeting. */
  arrived: 1,
  /** Completed meetings. */
  generation: 2,
  /** Goes up whenever a sleeping core has a reason to look again. */
  signal: 3,
  /** From here one word a core: 1 + the number of the last call that it finished. */
  finished: 16,
} as const;

/** Words of one ticket: what one core says about the meeting that it has reached. */
export const ticketWords = 8;

/** Where a core's ticket stands; tickets of odd and even meetings alternate, so that a fast core never overwrites an unread one. */
export function ticketPlace(size: number, core: number, parity: number): number {
  return word.finished + size + (parity * size + core) * ticketWords;
}

/** Options of {@link createMeshMemory}. */
export type MeshMemoryOptions = {
  /** Default 0. */
  readonly spins?: number;
  /** Default ten minutes. */
  readonly timeoutMs?: number;
  /** Bytes of one half of a core's scratch, a multiple of 8. Default 1 MiB: 256 rows of 768 floats pass in one piece. */
  readonly halfBytes?: number;
};

/** New shared memory for a mesh of `size` cores. */
export function createMeshMemory(
  size: number,
  { spins = 0, timeoutMs = 600_000, halfBytes = 2 ** 20 }: MeshMemoryOptions = {},
): MeshMemory {
  return {
    size,
    words: new SharedArrayBuffer(4 * ticketPlace(size, 0, 2)),
    scratch: Array.from({ length: size }, () => new SharedArrayBuffer(2 * halfBytes)),
    spins,
    timeoutMs,
  };
}

/** Stops every core at its next (or present) meeting. True for the first that calls it: its reason is the one that counts. */
export function stopCores(memory: MeshMemory, failedCore: number | "closed"): boolean {
  const words = new Int32Array(memory.words);
  const reason = failedCore === "closed" ? -1 : failedCore + 1;
  const first = Atomics.compareExchange(words, word.stopped, 0, reason) === 0;
  wakeCores(words);
  return first;
}

/** Makes every sleeping core look again. */
export function wakeCores(words: Int32Array): void {
  Atomics.add(words, word.signal, 1);
  Atomics.notify(words, word.signal);
}
