import { ShapeError } from "@kindred/errors";
import { allGatherOp, allReduceOp, reduceScatterOp } from "@kindred/tpu-sharding";
import { implementRule } from "../implement-rule.ts";

/** Collectives over the devices that run the program together. */
export function implementCollectives(): void {
  implementRule(
    allGatherOp,
    (graph, { x }, _, { rows, size }) => {
      expectEqualRows("allGather", rows);
      return size === 1 ? x : graph.allGather(x, { replicas: size });
    },
    { perDevice: ["index"] },
  );
  implementRule(
    reduceScatterOp,
    (graph, { x }, _, { rows, size }) => {
      expectEqualRows("reduceScatter", rows);
      return size === 1 ? x : graph.reduceScatter(x, { replicas: size });
    },
    { perDevice: ["index"] },
  );
  implementRule(allReduceOp, (graph, { x }, _, { size }) => (size === 1 ? x : graph.allReduce(x, { replicas: size })), {
    perDevice: ["index"],
  });
}

function expectEqualRows(functionName: string, rows: readonly number[]): void {
  if (rows.every((count) => count === rows[0])) return;
  throw new ShapeError(
    `${functionName}: the devices have unequal numbers of rows. Got [${rows.join(", ")}], expected the same on every device: one program runs on all of ` +
      "them. Make the batch a multiple of the number of devices.",
    { rows },
  );
}
