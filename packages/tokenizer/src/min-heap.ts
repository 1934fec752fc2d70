const smallest = 256;
const mostKept = 65_536; // 512 KB

/** Numbers of which the smallest is taken first. Made to be filled and emptied again and again without garbage. */
export class MinHeap {
  #values = new Float64Array(smallest);
  #count = 0;

  /** How many numbers there are. */
  get count(): number {
    return this.#count;
  }

  /** Puts a number in. Time grows with the logarithm of their count. */
  push(value: number): void {
    if (this.#count === this.#values.length) this.#resize(2 * this.#count);
    const values = this.#values;
    let at = this.#count++;
    // `!`: a parent stands before its child.
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (values[parent]! <= value) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  /** Takes the smallest number out; there must be one. Time grows with the logarithm of their count. */
  pop(): number {
    const values = this.#values;
    const count = this.#count - 1;
    this.#count = count;
    const least = values[0]!; // `!`: there is one at least
    const last = values[count]!; // and so there is a last one
    let at = 0;
    // `!`: a child is one of those that stay.
    for (let child = 1; child < count; child = 2 * at + 1) {
      if (child + 1 < count && values[child + 1]! < values[child]!) child++;
      if (values[child]! >= last) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = last;
    if (count === 0 && values.length > mostKept) this.#resize(smallest);
    return least;
  }

  #resize(capacity: number): void {
    const values = new Float64Array(capacity);
    values.set(this.#values.subarray(0, this.#count));
    this.#values = values;
  }
}
