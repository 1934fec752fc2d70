import { type EmbeddingAttributes, embeddingGradientOp, embeddingOp, gatherRowsOp } from "@kindred/nn";
import type { Kernel, KernelCall, Operand } from "../kernel-call.ts";

/** The rows of the table at the ids. */
export const embeddingKernel: Kernel = {
  name: embeddingOp.op.name,
  run: (call) => gather(call, call.input("table"), (call.attributes as EmbeddingAttributes).ids),
};

/** The rows of x that are chosen. */
export const gatherRowsKernel: Kernel = {
  name: gatherRowsOp.op.name,
  run: (call) => gather(call, call.input("x"), (call.attributes as { chosen: Int32Array }).chosen),
};

function gather({ exports, scratch, output, heap }: KernelCall, table: Operand, ids: Int32Array) {
  const [at] = scratch(ids.byteLength);
  const y = output([ids.length, table.shape[1]!]);
  new Int32Array(heap().buffer, at, ids.length).set(ids);
  exports["gatherRows"]!(table.address, at, y.address, ids.length, table.shape[1]!);
  return y.info;
}

/** Rows added up by id into a table that begins as zeros: the gradient of both. */
export const embeddingGradientKernel: Kernel = {
  name: embeddingGradientOp.op.name,
  run: ({ exports, attributes, input, scratch, output, heap }) => {
    const { ids, vocab, paddingId = -1 } = attributes as EmbeddingAttributes & { readonly vocab: number };
    const dy = input("dy");
    const hidden = dy.shape[1]!;
    const [at] = scratch(ids.byteLength);
    const table = output([vocab, hidden]);
    new Int32Array(heap().buffer, at, ids.length).set(ids);
    exports["scatterRows"]!(dy.address, at, table.address, ids.length, hidden, vocab, paddingId);
    return table.info;
  },
};
