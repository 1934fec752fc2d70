import { l2Normalize, scale, sliceRows } from "@kindred/nn";
import { type Float, tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { contrastiveLoss, type LossCall } from "../test-support/contrastive-loss.ts";
import type { Direction } from "./index.ts";

beforeAll(() => tfjs().start());

const rounding = 2 ** -24;

type Columns = readonly Float<"batch hidden">[];
type Shares = { readonly value: number; readonly gradients: readonly Float32Array[] };

/** Columns of rows away from zero, where a cosine's gradient is a rounding error divided by the row's norm. */
const columns = fc
  .record({
    rows: fc.integer({ min: 2, max: 7 }),
    columns: fc.integer({ min: 2, max: 4 }),
    hidden: fc.integer({ min: 1, max: 5 }),
  })
  .chain(({ rows, columns, hidden }) => {
    const first = fc.float({ min: 1, max: 5, noNaN: true });
    const others = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), {
      minLength: hidden - 1,
      maxLength: hidden - 1,
    });
    const ofColumn = <T>(cell: fc.Arbitrary<T>) => fc.array(cell, { minLength: rows, maxLength: rows });
    const sizes = { minLength: columns, maxLength: columns };
    return fc.record({
      values: fc.array(ofColumn(fc.tuple(first, others).map(([x, rest]) => [x, ...rest])), sizes),
      textIds: fc.option(
        fc.array(
          ofColumn(fc.nat(3)).map((ids) => Int32Array.from(ids)),
          sizes,
        ),
        { nil: undefined },
      ),
      cut: fc.integer({ min: 1, max: rows - 1 }),
    });
  });

const settings = fc
  .record({
    scale: fc.constantFrom(1, 5, 20),
    similarity: fc.constantFrom("cosine" as const, "dot" as const),
    choice: fc.oneof(
      fc.record({ direction: fc.constantFrom("symmetric" as const, "one-way" as const) }),
      fc
        .subarray<Direction>(["queryToQuery", "docToQuery", "docToDoc"])
        .map((others) => ({ directions: ["queryToDoc" as const, ...others] })),
    ),
  })
  .map(({ choice, ...rest }) => ({ ...rest, ...choice }));

test("cores that gather give shares whose values and gradients add up to the whole's", () => {
  const check = (firstRowOf: (firstRow: number) => number) =>
    fc.assert(
      fc.property(columns, settings, ({ values, textIds, cut }, plain) => {
        const options = textIds ? { ...plain, textIds } : plain;
        const tensors = values.map((column) => tf.tensor2d(column));
        const whole = read(tensors, () => contrastiveLoss(tensors, options));
        const [first, second] = [
          [0, cut],
          [cut, values[0]!.length - cut],
        ].map(([firstRow, count]) =>
          coreShare(tensors, { ...options, firstRow: firstRowOf(firstRow!) }, { firstRow: firstRow!, count: count! }),
        );
        tf.dispose(tensors);
        // A row's loss is computed alike on its core and in the whole; the losses, none negative, are then summed in another order:
        // at most 2 · 7 additions and two products, each off by 2⁻²⁴ of what is there. (3 roundings are seen.)
        const tolerance = 16 * rounding * whole.value;
        expect([first!.value + second!.value]).toBeCloseToArray([whole.value], { tolerance });
        for (const [c, gradient] of whole.gradients.entries()) {
          const sum = first!.gradients[c]!.map((x, i) => x + second!.gradients[c]![i]!);
          // An element sums scale · probability · x / rows over the rows: at most scale · largest in all, in at most 7 additions and
          // a product. Rows have elements of up to 5, or, of a cosine, up to 1 and then the normalisation's gradient, at most
          // double, as rows have a norm of at least 1. (A fifth of this is seen.)
          const largest = plain.similarity === "dot" ? 5 : 2;
          expect(sum).toBeCloseToArray(gradient, { tolerance: 8 * rounding * plain.scale * largest });
        }
      }),
      { numRuns: 80 },
    );
  check((firstRow) => firstRow);
  expectMutantToFail(() => check(() => 0));
});

/** One simulated core: its own rows of each column, and a gather that gives the whole column, of which all cores know all. */
function coreShare(
  columns: Columns,
  options: LossCall,
  { firstRow, count }: { readonly firstRow: number; readonly count: number },
): Shares {
  return read(columns, () => {
    const own: tf.Tensor[] = columns.map((column) => sliceRows(column as tf.Tensor, firstRow, count));
    const order = [...columns.slice(1), columns[0]!]; // documents are gathered first, then queries
    const gather = () => {
      const next = order.shift()!;
      return options.similarity === "dot" ? scale(next, 1) : l2Normalize(next);
    };
    return contrastiveLoss(own, { ...options, gather, totalRows: columns[0]!.shape[0]! });
  });
}

/** The value of f and the gradient of each column, zeros where there is none. */
function read(columns: Columns, f: () => Float<"">): Shares {
  const { value, gradients } = valueAndGradients(f, Object.fromEntries(columns.map((column, i) => [`${i}`, column])));
  const arrays = columns.map(({ size }, i) => Float32Array.from(gradients[i]?.dataSync() ?? new Float32Array(size)));
  const result = { value: value.dataSync()[0]!, gradients: arrays };
  tf.dispose([value, gradients] as tf.TensorContainer);
  return result;
}
