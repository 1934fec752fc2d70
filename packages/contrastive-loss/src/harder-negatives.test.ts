import { ConfigError } from "@kindred/errors";
import { lossShare } from "@kindred/loss";
import { tfjs, valueAndGradients } from "@kindred/tensor";
import { expectMutantToFail, finiteDifferences } from "@kindred/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { cosineOf, logSumExpOf, type Matrix, meanOf } from "../../loss/test-support/loss-laws.ts";
import { type ContrastiveOptions, contrastive, type HardnessMode } from "./index.ts";

beforeAll(() => tfjs().start());

type Choice = { readonly scale: number; readonly hardnessMode: HardnessMode; readonly hardnessStrength: number };

/** One-way, in float64; what is added for hardness comes from `fixed`, as a constant does. */
function reference(
  columns: readonly Matrix[],
  { scale, hardnessMode, hardnessStrength }: Choice,
  fixed = columns,
): number {
  const [queries, ...documents] = columns;
  const isHarder = (i: number, column: number, j: number) =>
    hardnessMode === "inBatchNegatives"
      ? i !== j
      : hardnessMode === "hardNegatives"
        ? i === j && column > 0
        : i !== j || column > 0;
  return meanOf(
    queries!.map((query, i) => {
      const scores = documents.flatMap((column, c) =>
        column.map((document, j) => {
          const harder = isHarder(i, c, j) ? hardnessStrength * cosineOf(fixed[0]![i]!, fixed[c + 1]![j]!) : 0;
          return scale * cosineOf(query, document) + harder;
        }),
      );
      return logSumExpOf(scores) - scores[i]!;
    }),
  );
}

const drawn = fc
  .record({
    rows: fc.integer({ min: 1, max: 4 }),
    columns: fc.integer({ min: 2, max: 4 }),
    hidden: fc.integer({ min: 1, max: 4 }),
  })
  .chain(({ rows, columns, hidden }) => {
    const cell = fc.integer({ min: -8, max: 8 }).map((x) => x / 4);
    const row = fc.array(cell, { minLength: hidden, maxLength: hidden }).map(([x = 0, ...rest]) => [x + 3, ...rest]);
    const column = fc.array(row, { minLength: rows, maxLength: rows });
    return fc.record({
      columns: fc.array(column, { minLength: columns, maxLength: columns }),
      choice: fc.record<Choice>({
        scale: fc.constantFrom(1, 20),
        hardnessMode: fc.constantFrom("inBatchNegatives", "hardNegatives", "allNegatives"),
        hardnessStrength: fc.constantFrom(0.5, 5, 9),
      }),
    });
  });

test("value and gradient are the reference's, in which hardness is a constant to the gradient", () => {
  const check = (of: typeof reference) =>
    fc.assert(
      fc.property(drawn, ({ columns, choice }) => {
        const tensors = columns.map((column) => tf.tensor2d(column));
        const named = Object.fromEntries(tensors.map((column, c) => [`${c}`, column]));
        const loss = contrastive({ direction: "one-way", equalTexts: "keep", ...choice });
        const { value, gradients } = valueAndGradients(() => lossShare(loss, tensors), named);
        // Scores of up to 29, off by some 8 · 2⁻²⁴ of that.
        const tolerance = 1.5e-5;
        expect(Math.abs(value.dataSync()[0]! - of(columns, choice))).toBeLessThanOrEqual(tolerance);
        for (const [c, column] of columns.entries()) {
          const at = (flat: Float64Array) => {
            const hidden = column[0]!.length;
            const moved = column.map((_, i) => [...flat.slice(i * hidden, (i + 1) * hidden)]);
            return of(
              columns.map((other, d) => (d === c ? moved : other)),
              choice,
              columns,
            );
          };
          const expected = finiteDifferences(at, column.flat());
          expect(gradients[c]!.dataSync()).toBeCloseToArray(expected, { tolerance: 2 * tolerance });
        }
        tf.dispose([value, gradients, tensors] as tf.TensorContainer);
      }),
      { numRuns: 60 },
    );
  check(reference);
  expectMutantToFail(() => check((columns, choice) => reference(columns, choice))); // a gradient through hardness
  expectMutantToFail(() =>
    check((columns, choice, fixed) => reference(columns, { ...choice, hardnessMode: "allNegatives" }, fixed)),
  );
});

test("a mode without a strength, a strength without a mode, and others than those listed are refused", () => {
  const refused: [ContrastiveOptions, string][] = [
    [{ hardnessMode: "allNegatives" }, "expected hardnessMode and hardnessStrength both, or neither"],
    [{ hardnessStrength: 5 }, "expected hardnessMode and hardnessStrength both, or neither"],
    [{ hardnessMode: "hardNegatives", hardnessStrength: 0 }, "expected hardnessStrength above 0"],
    [
      { hardnessMode: "all" as "allNegatives", hardnessStrength: 1 },
      "expected hardnessMode inBatchNegatives, hardNegatives",
    ],
  ];
  for (const [options, message] of refused) {
    expect(() => contrastive(options)).toThrow(ConfigError);
    expect(() => contrastive(options)).toThrow(message);
  }
});
