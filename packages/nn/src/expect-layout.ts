import { ShapeError } from "@kindred/errors";
import type { Float, LayoutFixed } from "@kindred/tensor";

/** Refuses a layout that does not number the rows of x. */
export function expectLayout(functionName: string, x: Float<"tokens hidden">, { rows }: LayoutFixed): void {
  if (rows === x.shape[0]) return;
  throw new ShapeError(
    `${functionName}: layout and rows don't fit. Got x "tokens hidden" = [${x.shape.join(", ")}] and a layout of ${rows} ` +
      "rows, expected as many rows in both. Was the layout made for another batch?",
    { x: x.shape, rows },
  );
}
