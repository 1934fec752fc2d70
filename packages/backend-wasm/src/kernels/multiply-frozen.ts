import type { Frozen } from "../frozen/frozen-weights.ts";
import { matrixSizes, type Operand, type Output, type Workspace } from "../kernel-call.ts";

/** Rows that are copied to the weight's memory at a time, where that must be: what they fill stays in the second and third cache. */
const rowsAtATime = 256;

/** A new [rows, out] tensor: x·weightᵀ + bias, or gelu(x)·weightᵀ + bias if `activated`, by a weight in a memory of its own. */
export function multiplyFrozen(
  { output, heap }: Workspace,
  x: Operand,
  weight: Frozen,
  { bias, activated = false }: { readonly bias: Operand | undefined; readonly activated?: boolean },
): Output {
  const { memory, address: packed, shape, form, readsHeap, room } = weight;
  const [rows, inner] = matrixSizes(x);
  const [out] = matrixSizes({ shape });
  if (readsHeap) {
    const [scratch] = room(form.scratchBytes(rows, inner, out));
    const y = output([rows, out]);
    const biasAt = bias?.address ?? 0;
    form.linear({ x: x.address, rows, inner, packed, out, bias: biasAt, y: y.address, activated, scratch });
    return y;
  }
  const most = Math.min(rows, rowsAtATime);
  const scratchBytes = form.scratchBytes(most, inner, out);
  const [xAt, yAt, biasAt, scratch] = room(4 * most * inner, 4 * most * out, 4 * out, scratchBytes);
  const y = output([rows, out]);
  const [here, there] = [heap(), new Uint8Array(memory.buffer)];
  if (bias) there.set(here.subarray(bias.address, bias.address + 4 * out), biasAt);
  for (let row = 0; row < rows; row += most) {
    const now = Math.min(most, rows - row);
    const from = x.address + 4 * row * inner;
    there.set(here.subarray(from, from + 4 * now * inner), xAt);
    form.linear({ x: xAt, rows: now, inner, packed, out, bias: bias ? biasAt : 0, y: yAt, activated, scratch });
    here.set(there.subarray(yAt, yAt + 4 * now * out), y.address + 4 * row * out);
  }
  return y;
}
