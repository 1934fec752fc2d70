/** Elements of a block: 1 KiB of each moment. A block moves as a whole; that is exact, since what has no moments stands still. */
const blockLength = 256;

/** The elements of a parameter that a gradient of zero may still move, for their moments are not zero. */
export type MovingElements = {
  /** Adds the elements of these runs: `[start0, end0, start1, …]`. */
  add(runs: ArrayLike<number>): void;
  /** Runs that hold all of them, in order and of whole blocks. */
  runs(): number[];
};

/** Those elements that move by their moments as they are, and all that share a block with them. */
export function movingElements(firstMoment: Float32Array, secondMoment: Float32Array): MovingElements {
  const { length } = firstMoment;
  const moving = new Uint8Array(Math.ceil(length / blockLength));
  for (let i = 0; i < length; i++) {
    if (firstMoment[i] !== 0 || secondMoment[i] !== 0) moving[Math.floor(i / blockLength)] = 1;
  }
  return {
    add(runs) {
      for (let i = 0; i < runs.length; i += 2) {
        moving.fill(1, Math.floor(runs[i]! / blockLength), Math.ceil(runs[i + 1]! / blockLength));
      }
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
