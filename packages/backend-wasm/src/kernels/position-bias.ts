import { positionBiasGradientOp, positionBiasOp } from "@kindred/nn";
import { kernelOf, matrixSizes } from "../kernel-call.ts";

/** The table's biases, distance by distance for each head. */
export const positionBiasKernel = kernelOf(
  positionBiasOp,
  ({ exports, input, frozen, scratch, output, heap }, { bucketOfDistance }) => {
    const kept = frozen("table");
    const table = kept ?? input("table");
    const [buckets, heads] = matrixSizes(table);
    const distances = bucketOfDistance.length;
    const tableBytes = 4 * buckets * heads;
    const [at, copy] = scratch(bucketOfDistance.byteLength, kept ? tableBytes : 0);
    const y = output([heads, distances]);
    new Int32Array(heap().buffer, at, distances).set(bucketOfDistance);
    if (kept) heap().set(new Uint8Array(kept.memory.buffer, kept.address, tableBytes), copy);
    exports.positionBias(kept ? copy : table.address, at, y.address, distances, heads);
    return y.info;
  },
);

/** Sums over the distances of each bucket. */
export const positionBiasGradientKernel = kernelOf(
  positionBiasGradientOp,
  ({ exports, input, scratch, output, heap }, { bucketOfDistance }, { buckets }) => {
    const dy = input("dy");
    const [heads, distances] = matrixSizes(dy);
    const [at] = scratch(bucketOfDistance.byteLength);
    const table = output([buckets, heads]);
    new Int32Array(heap().buffer, at, distances).set(bucketOfDistance);
    exports.positionBiasGradient(dy.address, at, table.address, distances, heads, buckets);
    return table.info;
  },
);
