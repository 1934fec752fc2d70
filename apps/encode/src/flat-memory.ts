import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Windows from one collection of all garbage to the next: of 4096 rows, 32,768 rows. */
const windowsBetween = 8;

/** What a job tells of its windows, so that its memory stays flat. Disposed of at its end. */
export type FlatMemory = Disposable & {
  /** To be called after each window, when nothing is needed of it any more. */
  readonly afterWindow: () => void;
};

/**
 * Keeps the memory of a job where its first windows have brought it, however many follow.
 *
 * What a job holds is flat by itself: the rows of three windows. But V8 takes more the longer a program runs. It doubles the room for young objects, up to
 * 128 MiB in Node 24, each time that as many bytes have outlived a collection there. And what has outlived two of them, as a window does that waits to
 * be written, it leaves until some 64 MiB of arrays have piled up. So here this room no longer grows once the first window is done, in all threads of the
 * process, and all garbage is collected every eighth window: about 40 ms of processor time, a microsecond a row.
 *
 * @see the V8 blog, "Trash talk: the Orinoco garbage collector", 2019, for young and old objects
 */
export function flatMemory(): FlatMemory {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void; // what a context that is made under the flag has
  setFlagsFromString("--no-expose-gc");
  let windows = 0;
  return {
    afterWindow() {
      if (windows === 0) setFlagsFromString("--semi-space-growth-factor=1");
      if (++windows % windowsBetween === 0) collect();
    },
    [Symbol.dispose]: () => setFlagsFromString("--semi-space-growth-factor=2"), // as V8 has it
  };
}
