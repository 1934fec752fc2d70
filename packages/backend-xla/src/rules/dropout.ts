import { dropoutOp } from "@kindred/nn";
import { implementRule } from "../implement-rule.ts";
import { column, rowPlaces } from "./row-places.ts";
import { keptAt } from "./threefry.ts";

/** Dropout, with the mask of `dropoutKeep` of `@kindred/random` drawn in the program. */
export function implementDropout(): void {
  implementRule(dropoutOp, (graph, { x }, { key, ...data }, fixed) => {
    const { rate } = fixed;
    const { number, position, real } = rowPlaces(graph, data, fixed);
    const [rows = 0, hidden = 0] = x.shape;
    // The mask is of booleans: the backward pass finds it made already, and to keep it costs a quarter of what its numbers would.
    const kept = graph.call("kept", [key, number, position, real], (f, key, row, place, token) => {
      const c0 = f.broadcastTo(column(f, row), [rows, hidden]);
      const c1 = f.binary("add", f.binary("multiply", column(f, place), 65536), f.iota([rows, hidden], 1, "ui32"));
      return f.binary("and", keptAt(f, key, [c0, c1], rate), column(f, token));
    });
    return graph.select(kept, graph.binary("multiply", x, 1 / (1 - rate)), 0);
  });
}
