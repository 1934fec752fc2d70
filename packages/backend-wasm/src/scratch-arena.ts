import type { WasmModule } from "@kindred/tensor";

/** A kernel's temporary memory: one block, kept from call to call where it is small. */
export type ScratchArena = {
  /** Addresses of stretches of at least these many bytes. Once before each {@link ScratchArena.giveBack}. */
  readonly take: (byteCounts: readonly number[]) => number[];
  /** Ends the use of what was taken, if anything was. */
  readonly giveBack: () => void;
  /** Frees the block that is kept. */
  readonly release: () => void;
};

// Enough for a packed block of a product. Larger ones (whole stacks of scores) are too dear to keep idle.
const keptBytes = 4 * 2 ** 20;
const alignment = 64; // a cache line

/** An arena in the heap of a tfjs-wasm module. Its allocations count against the memory budget, and fail as any other. */
export function scratchArena(module: WasmModule): ScratchArena {
  let block = { address: 0, bytes: 0 };
  let taken = false;
  const release = () => {
    if (block.bytes > 0) module._free(block.address);
    block = { address: 0, bytes: 0 };
  };
  return {
    take: (byteCounts) => {
      if (taken) throw new Error("scratchArena: taken twice in one call. Ask for all sizes at once.");
      const offsets: number[] = [];
      let bytes = 0;
      for (const byteCount of byteCounts) {
        offsets.push(bytes);
        bytes += Math.ceil(byteCount / alignment) * alignment;
      }
      if (bytes > block.bytes) {
        release();
        block = { address: module._malloc(bytes + alignment) >>> 0, bytes };
      }
      taken = true;
      const start = Math.ceil(block.address / alignment) * alignment;
      return offsets.map((offset) => start + offset);
    },
    giveBack: () => {
      taken = false;
      if (block.bytes > keptBytes) release();
    },
    release,
  };
}
