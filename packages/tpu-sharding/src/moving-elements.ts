import { eachRun } from "./parameter-exchange.ts";

/** Elements of a block: 1 KiB of each slot. A block moves as a whole; that is exact, since what has no slots but zeros stands still. */
const blockLength = 256;

/** The elements of a parameter that a gradient of zero may still move, for what the optimizer remembers of them is not zero. */
export type MovingElements = {
  /** Adds the elements of these runs: `[start0, end0, start1, …]`. */
  add(runs: ArrayLike<number>): void;
  /** Runs that hold all of them, in order and of whole blocks. */
  runs(): number[];
};

/** Of `length` elements, those whose slots are not all zero, and all that share a block with them. */
export function movingElements(slots: readonly Float32Array[], length: number): MovingElements {
  const moving = new Uint8Array(Math.ceil(length / blockLength));
  for (let block = 0; block < moving.length; block++) {
    const part = (slot: Float32Array) => slot.subarray(block * blockLength, (block + 1) * blockLength);
    if (slots.some((slot) => part(slot).some((x) => x !== 0))) moving[block] = 1;
  }
  return {
    add(runs) {
      eachRun(runs, 0, (start, end) => moving.fill(1, Math.floor(start / blockLength), Math.ceil(end / blockLength)));
    },
    runs() {
      const runs: number[] = [];
      for (let start = moving.indexOf(1); start >= 0; ) {
        const end = moving.indexOf(0, start);
        runs.push(start * blockLength, Math.min(length, (end < 0 ? moving.length : end) * blockLength));
        start = end < 0 ? -1 : moving.indexOf(1, end);
      }
      return runs;
    },
  };
}
