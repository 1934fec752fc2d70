// The build makes `memory.copy` of these two, between the memories or within the one.

/** Copies from the heap. */
@external("env", "fromHeap")
export declare function fromHeap(to: usize, from: usize, bytes: usize): void;

/** Copies to the heap. */
@external("env", "toHeap")
export declare function toHeap(to: usize, from: usize, bytes: usize): void;
