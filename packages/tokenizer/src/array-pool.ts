const blockBytes = 4096;

/**
 * Makes small arrays as views of shared blocks of 4 KB, as Node does with small Buffers.
 *
 * V8 keeps a typed array of at most 64 bytes among its other objects; a larger one has memory of its own, which is allocated, counted
 * and freed one by one. For a sentence's ids and offsets that takes longer than tokenizing it.
 */
export class ArrayPool {
  #block = new ArrayBuffer(0);
  #used = 0;

  /** The first `count` of `values`, one at least, in an array that nothing else writes to. */
  copy(values: Int32Array, count: number): Int32Array<ArrayBuffer> {
    const bytes = 4 * count;
    if (bytes > blockBytes / 4) return new Int32Array(values.subarray(0, count));
    // A block that somebody transferred to another thread has no bytes left, so that it is replaced too.
    if (this.#used + bytes > this.#block.byteLength) {
      this.#block = new ArrayBuffer(blockBytes);
      this.#used = 0;
    }
    const copy = new Int32Array(this.#block, this.#used, count);
    this.#used += bytes;
    for (let i = 0; i < count; i++) copy[i] = values[i]!; // there are `count`; a third of the time of `set` on so few
    return copy;
  }
}
