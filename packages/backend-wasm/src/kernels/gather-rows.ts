import { embeddingGradientOp, embeddingOp, gatherRowsOp } from "@kindred/nn";
import { kernelOf, type Operand, type Workspace } from "../kernel-call.ts";

/** The rows of the table at the ids. */
export const embeddingKernel = kernelOf(embeddingOp, (call, { ids }) => gather(call, call.input("table"), ids));

/** The rows of x that are chosen. */
export const gatherRowsKernel = kernelOf(gatherRowsOp, (call, { chosen }) => gather(call, call.input("x"), chosen));

function gather({ exports, scratch, output, heap }: Workspace, table: Operand, ids: Int32Array) {
  const [at] = scratch(ids.byteLength);
  const y = output([ids.length, table.shape[1]!]);
  new Int32Array(heap().buffer, at, ids.length).set(ids);
  exports["gatherRows"]!(table.address, at, y.address, ids.length, table.shape[1]!);
  return y.info;
}

/** Rows added up by id into a table that begins as zeros: the gradient of both. */
export const embeddingGradientKernel = kernelOf(
  embeddingGradientOp,
  ({ exports, input, scratch, output, heap }, { ids }, { vocab, paddingId = -1 }) => {
    const dy = input("dy");
    const hidden = dy.shape[1]!;
    const [at] = scratch(ids.byteLength);
    const table = output([vocab, hidden]);
    new Int32Array(heap().buffer, at, ids.length).set(ids);
    exports["scatterRows"]!(dy.address, at, table.address, ids.length, hidden, vocab, paddingId);
    return table.info;
  },
);
