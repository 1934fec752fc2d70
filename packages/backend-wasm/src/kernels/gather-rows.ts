import { embeddingGradientOp, embeddingOp, gatherRowsOp } from "@kindred/nn";
import type { Frozen } from "../frozen/frozen-weights.ts";
import { kernelOf, matrixSizes, type Operand, type Workspace } from "../kernel-call.ts";

/** The rows of the table at the ids. */
export const embeddingKernel = kernelOf(embeddingOp, (call, { ids }) => {
  const frozen = call.frozen("table");
  return frozen ? gatherFrozen(call, frozen, ids) : gather(call, call.input("table"), ids);
});

/** The rows of x that are chosen. */
export const gatherRowsKernel = kernelOf(gatherRowsOp, (call, { chosen }) => gather(call, call.input("x"), chosen));

function gather({ exports, scratch, output, heap }: Workspace, table: Operand, ids: Int32Array) {
  const [, hidden] = matrixSizes(table);
  const [at] = scratch(ids.byteLength);
  const y = output([ids.length, hidden]);
  new Int32Array(heap().buffer, at, ids.length).set(ids);
  exports.gatherRows(table.address, at, y.address, ids.length, hidden);
  return y.info;
}

/** The same of a table that lies in a memory of its own. */
function gatherFrozen(
  { output, heap }: Workspace,
  { memory, address, shape: [, hidden = 0] }: Frozen,
  ids: Int32Array,
) {
  const y = output([ids.length, hidden]);
  const [table, rows] = [new Uint8Array(memory.buffer), heap()];
  const bytes = 4 * hidden;
  let to = y.address;
  for (const id of ids) {
    const from = address + id * bytes;
    rows.set(table.subarray(from, from + bytes), to);
    to += bytes;
  }
  return y.info;
}

/** Rows added up by id into a table that begins as zeros: the gradient of both. */
export const embeddingGradientKernel = kernelOf(
  embeddingGradientOp,
  ({ exports, input, scratch, output, heap }, { ids }, { vocab, paddingId = -1 }) => {
    const dy = input("dy");
    const [, hidden] = matrixSizes(dy);
    const [at] = scratch(ids.byteLength);
    const table = output([vocab, hidden]);
    new Int32Array(heap().buffer, at, ids.length).set(ids);
    exports.scatterRows(dy.address, at, table.address, ids.length, hidden, vocab, paddingId);
    return table.info;
  },
);
