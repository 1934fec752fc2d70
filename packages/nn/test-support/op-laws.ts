import { dropoutKeep } from "@kindred/random";
import { type LayoutData, sentencesOf } from "@kindred/tensor";
import { arbitraryKey, floatsFromSeed, type Numbers, opCases, type OpLaw } from "@kindred/testing";
import fc from "fast-check";
import * as nn from "../src/index.ts";
import { arithmeticLaws } from "./arithmetic-laws.ts";
import { arbitraryLayout } from "./arbitrary-layout.ts";
import { cell, columns, table, total } from "./number-tables.ts";
import { productLaws } from "./product-laws.ts";

/** erf(x) = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n + 1)!!, whose terms have one sign (Abramowitz and Stegun, 7.1.6). */
function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 200; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function layerNorm(x: Numbers, gamma: Numbers, beta: Numbers, epsilon: number): Float64Array {
  const hidden = columns(x);
  return table(x.shape[0]!, hidden, (row, column) => {
    const mean = total(hidden, (i) => cell(x, row, i)) / hidden;
    const variance = total(hidden, (i) => (cell(x, row, i) - mean) ** 2) / hidden;
    return (
      ((cell(x, row, column) - mean) / Math.sqrt(variance + epsilon)) * gamma.values[column]! + beta.values[column]!
    );
  });
}

function pooled(x: Numbers, data: LayoutData, reduce: (values: number[], start: number) => number): Float64Array {
  const sentences = sentencesOf(data);
  return table(sentences.length, columns(x), (sentence, column) => {
    const { start, length } = sentences[sentence]!;
    return length === 0
      ? 0
      : reduce(
          Array.from({ length }, (_, i) => cell(x, start + i, column)),
          start,
        );
  });
}

/** Different numbers in −2 … 2, far enough apart for central differences of a maximum. */
const distinct = (seed: number, count: number) =>
  Float32Array.from({ length: count }, (_, i) => (((i * 617 + seed) % 4093) / 4093) * 4 - 2);
/** Numbers that are not 0, for a norm's slope. */
const awayFromZero = (seed: number, count: number) =>
  floatsFromSeed(seed, count).map((x) => x + Math.sign(x || 1) * 0.25);
const wide = (seed: number, count: number) => floatsFromSeed(seed, count).map((x) => 3 * x);
/** For GELU: below −3, 1 + erf cancels and is good to 2⁻²⁴ absolute only, as PyTorch's, so one element is large always. */
const oneLarge = (seed: number, count: number) => wide(seed, count).fill(5, 0, 1);

const rate = fc.constantFrom(0, 0.1, 0.5);

/** The laws of all ops but attention: what each computes, in plain loops over float64. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds ops with data and constants of many types
export const opLawList: OpLaw<any, any>[] = [
  ...arithmeticLaws,
  ...productLaws,
  {
    op: nn.sumOp,
    cases: opCases(
      { x: "rows hidden" },
      { given: ({ rows, hidden }) => fc.constant({ fixed: { shape: [rows, hidden] } }) },
    ),
    wrt: ["x"],
    reference: ({ x }) => [x!.values.reduce((sum, value) => sum + value, 0)],
  },
  {
    op: nn.geluOp,
    cases: opCases({ x: "tokens hidden" }, { values: { x: oneLarge } }),
    wrt: ["x"],
    reference: ({ x }) => x!.values.map((value) => value * 0.5 * (1 + erf(value / Math.SQRT2))),
  },
  {
    op: nn.geluLinearOp,
    cases: opCases({ x: "tokens in", weight: "out in", "bias?": "out" }, { values: { x: oneLarge } }),
    wrt: ["x", "weight", "bias"],
    reference: ({ x, weight, bias }) => {
      const activated = {
        shape: x!.shape,
        values: x!.values.map((value) => value * 0.5 * (1 + erf(value / Math.SQRT2))),
      };
      return table(x!.shape[0]!, weight!.shape[0]!, (token, out) => {
        return total(columns(x!), (i) => cell(activated, token, i) * cell(weight!, out, i)) + (bias?.values[out] ?? 0);
      });
    },
  },
  {
    op: nn.layerNormOp,
    cases: opCases(
      { x: "tokens hidden", gamma: "hidden", beta: "hidden" },
      { given: () => fc.constant({ fixed: { epsilon: 1e-5 } }), sizes: { hidden: { is: 16 } } },
    ),
    wrt: ["x", "gamma", "beta"],
    reference: ({ x, gamma, beta }, _, { epsilon }) => layerNorm(x!, gamma!, beta!, epsilon),
  },
  {
    op: nn.addLayerNormOp,
    cases: opCases(
      { x: "tokens hidden", residual: "tokens hidden", gamma: "hidden", beta: "hidden" },
      { given: () => fc.constant({ fixed: { epsilon: 1e-5 } }), sizes: { hidden: { is: 13 } } },
    ),
    wrt: ["x", "residual", "gamma", "beta"],
    reference: ({ x, residual, gamma, beta }, _, { epsilon }) => {
      const sum = { shape: x!.shape, values: x!.values.map((value, i) => value + residual!.values[i]!) };
      return layerNorm(sum, gamma!, beta!, epsilon);
    },
  },
  {
    op: nn.embeddingOp,
    cases: opCases(
      { table: "vocab hidden" },
      {
        given: ({ vocab }) => {
          const ids = fc.array(fc.nat(vocab! - 1), { minLength: 1, maxLength: 40 });
          return ids.map((all) => ({ data: { ids: Int32Array.from(all) }, fixed: { vocab } }));
        },
      },
    ),
    wrt: ["table"],
    reference: ({ table: rows }, { ids }) =>
      table(ids.length, columns(rows!), (i, column) => cell(rows!, ids[i], column)),
  },
  {
    op: nn.gatherRowsOp,
    cases: opCases(
      { x: "rows hidden" },
      {
        given: ({ rows }) => {
          const chosen = fc.array(fc.nat(rows! - 1), { minLength: 1, maxLength: 40 });
          return chosen.map((all) => ({ data: { chosen: Int32Array.from(all) }, fixed: { rowCount: rows } }));
        },
      },
    ),
    wrt: ["x"],
    reference: ({ x }, { chosen }) => table(chosen.length, columns(x!), (i, column) => cell(x!, chosen[i], column)),
  },
  {
    op: nn.concatRowsOp,
    cases: opCases(
      { 0: "a hidden", 1: "b hidden" },
      { given: ({ a, b }) => fc.constant({ fixed: { counts: [a, b] } }) },
    ),
    wrt: ["0", "1"],
    reference: ({ 0: a, 1: b }) => Float64Array.of(...a!.values, ...b!.values),
  },
  {
    op: nn.concatFeaturesOp,
    cases: opCases({ 0: "rows a", 1: "rows b" }, { given: ({ a, b }) => fc.constant({ fixed: { sizes: [a, b] } }) }),
    wrt: ["0", "1"],
    reference: ({ 0: a, 1: b }) =>
      table(a!.shape[0]!, columns(a!) + columns(b!), (row, column) => {
        return column < columns(a!) ? cell(a!, row, column) : cell(b!, row, column - columns(a!));
      }),
  },
  {
    op: nn.positionBiasOp,
    cases: opCases(
      { table: "buckets heads" },
      {
        given: ({ buckets }) =>
          fc.array(fc.nat(buckets! - 1), { minLength: 0, maxLength: 20 }).map((half) => {
            return { data: { bucketOfDistance: Int32Array.of(...half, 0, ...half.reverse()) }, fixed: { buckets } };
          }),
      },
    ),
    wrt: ["table"],
    reference: ({ table: biases }, { bucketOfDistance }) =>
      table(columns(biases!), bucketOfDistance.length, (head, i) => cell(biases!, bucketOfDistance[i], head)),
  },
  {
    op: nn.dropoutOp,
    cases: opCases<nn.DropoutData, nn.DropoutFixed>(
      { x: "tokens hidden" },
      {
        given: ({ tokens }) =>
          fc.tuple(arbitraryLayout(tokens!), arbitraryKey(), rate).map(([{ data, fixed }, key, rate]) => ({
            data: { ...data, key: Uint32Array.from(key) },
            fixed: { ...fixed, rate },
          })),
      },
    ),
    wrt: ["x"],
    reference: ({ x }, { key: [k0, k1], ...data }, { rate }) => {
      const y = new Float64Array(x!.values.length);
      for (const { start, length, number: row } of sentencesOf(data)) {
        for (let i = 0; i < length * columns(x!); i++) {
          const place = { row, position: Math.floor(i / columns(x!)), feature: i % columns(x!) };
          const at = start * columns(x!) + i;
          if (dropoutKeep([k0, k1], rate, place)) y[at] = x!.values[at]! / (1 - rate);
        }
      }
      return y;
    },
  },
  {
    op: nn.meanPoolOp,
    cases: opCases({ x: "tokens hidden" }, { given: ({ tokens }) => arbitraryLayout(tokens!) }),
    wrt: ["x"],
    reference: ({ x }, data) => pooled(x!, data, (values) => values.reduce((a, b) => a + b) / values.length),
  },
  {
    op: nn.weightedPoolOp,
    cases: opCases<nn.WeightedPoolData>(
      { x: "tokens hidden" },
      {
        given: ({ tokens }) =>
          fc.tuple(arbitraryLayout(tokens!), fc.nat(99)).map(([{ data, fixed }, seed]) => ({
            data: { ...data, weights: floatsFromSeed(seed, tokens!) },
            fixed,
          })),
      },
    ),
    wrt: ["x"],
    reference: ({ x }, { weights, ...data }) =>
      pooled(x!, data, (values, start) => values.reduce((sum, value, i) => sum + value * weights[start + i]!, 0)),
  },
  {
    op: nn.segmentMaxOp,
    cases: opCases(
      { x: "tokens hidden" },
      { given: ({ tokens }) => arbitraryLayout(tokens!), values: { x: distinct } },
    ),
    wrt: ["x"],
    reference: ({ x }, data) => pooled(x!, data, (values) => Math.max(...values)),
  },
  {
    op: nn.l2NormalizeOp,
    cases: opCases(
      { x: "batch hidden" },
      {
        given: () => fc.constant({ fixed: { epsilon: 1e-12 } }),
        sizes: { hidden: { is: 7 } },
        values: { x: awayFromZero },
      },
    ),
    wrt: ["x"],
    reference: ({ x }) =>
      table(x!.shape[0]!, columns(x!), (row, column) => {
        return cell(x!, row, column) / Math.sqrt(total(columns(x!), (i) => cell(x!, row, i) ** 2));
      }),
  },
  {
    op: nn.softmaxCrossEntropyOp,
    cases: opCases(
      { logits: "rows columns" },
      {
        values: { logits: wide },
        // One row's loss may be close to 0, where float32 has it to 2⁻²⁴ absolute only; the largest of nine is not.
        sizes: { rows: { is: 9 }, columns: { is: 11 } },
        given: ({ rows, columns }) =>
          fc
            .record({
              labels: fc.array(fc.nat(columns! - 1), { minLength: rows!, maxLength: rows! }),
              out: fc.array(fc.constantFrom(0, 0, 1), { minLength: rows! * columns!, maxLength: rows! * columns! }),
            })
            .map(({ labels, out }) => {
              for (const [row, label] of labels.entries()) out[row * columns! + label] = 0;
              return { data: { labels: Int32Array.from(labels), excluded: Uint8Array.from(out) } };
            }),
      },
    ),
    wrt: ["logits"],
    reference: ({ logits }, { labels, excluded }) =>
      Float64Array.from({ length: labels.length }, (_, row) => {
        const size = columns(logits!);
        const sum = total(size, (i) => (excluded[row * size + i] ? 0 : Math.exp(cell(logits!, row, i))));
        return Math.log(sum) - cell(logits!, row, labels[row]);
      }),
  },
];
