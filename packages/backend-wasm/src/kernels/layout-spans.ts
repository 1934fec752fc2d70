import type { LayoutData, LayoutFixed } from "@kindred/tensor";
import { elementCount, type Operand } from "../kernel-call.ts";

/** Bytes that {@link writeSpans} writes. */
export function spanBytes({ batch }: LayoutFixed): number {
  return batch * 12;
}

/**
 * Writes a layout as kernels read it: first row, length and global number of each sentence, int32, at `address`.
 *
 * Kernels write the rows of sentences alone, so what is in `clear` becomes 0 first where there are rows of padding.
 */
export function writeSpans(
  heap: Uint8Array<ArrayBuffer>,
  address: number,
  { starts, lengths, numbers }: LayoutData,
  { batch, rows, clear = [] }: LayoutFixed & { readonly clear?: readonly Operand[] },
): void {
  const spans = new Int32Array(heap.buffer, address, batch * 3);
  let tokens = 0;
  for (let i = 0; i < batch; i++) {
    // starts and lengths have an element for each sentence.
    const length = lengths[i]!;
    spans[3 * i] = starts[i]!; // likewise
    spans[3 * i + 1] = length;
    spans[3 * i + 2] = numbers?.[i] ?? i;
    tokens += length;
  }
  if (tokens === rows) return;
  for (const output of clear) heap.fill(0, output.address, output.address + 4 * elementCount(output));
}
