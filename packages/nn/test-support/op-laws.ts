import { dropoutKeep } from "@kindred/random";
import { type LayoutData, sentencesOf } from "@kindred/tensor";
import { type AnyOpLaw, arbitraryKey, floatsFromSeed, lawOf, type Numbers, opCases } from "@kindred/testing";
import fc from "fast-check";
import * as nn from "../src/index.ts";
import { arithmeticLaws } from "./arithmetic-laws.ts";
import { arbitraryLayout } from "./arbitrary-layout.ts";
import { cell, columns, element, rows, table, total } from "./number-tables.ts";
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

const gelu = (x: number) => x * 0.5 * (1 + erf(x / Math.SQRT2));

function layerNorm(x: Numbers, gamma: Numbers, beta: Numbers, epsilon: number): Float64Array {
  const hidden = columns(x);
  return table(rows(x), hidden, (row, column) => {
    const mean = total(hidden, (i) => cell(x, row, i)) / hidden;
    const variance = total(hidden, (i) => (cell(x, row, i) - mean) ** 2) / hidden;
    const normalized = (cell(x, row, column) - mean) / Math.sqrt(variance + epsilon);
    return normalized * element(gamma, column) + element(beta, column);
  });
}

/** A number for each sentence and feature, from the rows that the sentence has; 0 for one without. */
function pooled(x: Numbers, data: LayoutData, reduce: (rows: number[], column: number) => number): Float64Array {
  const rowsOf = sentencesOf(data).map(({ start, length }) => Array.from({ length }, (_, i) => start + i));
  return Float64Array.from(
    rowsOf.flatMap((own) =>
      Array.from({ length: columns(x) }, (_, column) => (own.length === 0 ? 0 : reduce(own, column))),
    ),
  );
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
/** From one number on, each below a limit. */
const places = (limit: number) =>
  fc.array(fc.nat(limit - 1), { minLength: 1, maxLength: 40 }).map((all) => Int32Array.from(all));

/** The laws of all ops but attention: what each computes, in plain loops over float64. */
export const opLawList: AnyOpLaw[] = [
  ...arithmeticLaws,
  ...productLaws,
  lawOf({
    op: nn.sumOp,
    cases: opCases(
      { x: "rows hidden" },
      { given: ({ rows, hidden }) => fc.constant({ fixed: { shape: [rows, hidden] } }) },
    ),
    wrt: ["x"],
    reference: ({ x }) => [x.values.reduce((sum, value) => sum + value, 0)],
  }),
  lawOf({
    op: nn.geluOp,
    cases: opCases({ x: "tokens hidden" }, { values: { x: oneLarge } }),
    wrt: ["x"],
    reference: ({ x }) => x.values.map(gelu),
  }),
  lawOf({
    op: nn.geluLinearOp,
    cases: opCases({ x: "tokens in", weight: "out in", "bias?": "out" }, { values: { x: oneLarge } }),
    wrt: ["x", "weight", "bias"],
    reference: ({ x, weight, bias }) => {
      const activated = { shape: x.shape, values: x.values.map(gelu) };
      return table(rows(x), rows(weight), (token, out) => {
        const sum = total(columns(x), (i) => cell(activated, token, i) * cell(weight, out, i));
        return sum + (bias ? element(bias, out) : 0);
      });
    },
  }),
  lawOf({
    op: nn.layerNormOp,
    cases: opCases(
      { x: "tokens hidden", gamma: "hidden", beta: "hidden" },
      { given: () => fc.constant({ fixed: { epsilon: 1e-5 } }), sizes: { hidden: { is: 16 } } },
    ),
    wrt: ["x", "gamma", "beta"],
    reference: ({ x, gamma, beta }, _, { epsilon }) => layerNorm(x, gamma, beta, epsilon),
  }),
  lawOf({
    op: nn.addLayerNormOp,
    cases: opCases(
      { x: "tokens hidden", residual: "tokens hidden", gamma: "hidden", beta: "hidden" },
      { given: () => fc.constant({ fixed: { epsilon: 1e-5 } }), sizes: { hidden: { is: 13 } } },
    ),
    wrt: ["x", "residual", "gamma", "beta"],
    reference: ({ x, residual, gamma, beta }, _, { epsilon }) => {
      const sum = { shape: x.shape, values: x.values.map((value, i) => value + element(residual, i)) };
      return layerNorm(sum, gamma, beta, epsilon);
    },
  }),
  lawOf({
    op: nn.embeddingOp,
    cases: opCases(
      { table: "vocab hidden" },
      { given: ({ vocab }) => places(vocab).map((ids) => ({ data: { ids }, fixed: { vocab } })) },
    ),
    wrt: ["table"],
    reference: ({ table: of }, { ids }) => Array.from(ids, (id) => cells(of, id)).flat(),
  }),
  lawOf({
    op: nn.gatherRowsOp,
    cases: opCases(
      { x: "rows hidden" },
      { given: ({ rows }) => places(rows).map((chosen) => ({ data: { chosen }, fixed: { rowCount: rows } })) },
    ),
    wrt: ["x"],
    reference: ({ x }, { chosen }) => Array.from(chosen, (row) => cells(x, row)).flat(),
  }),
  lawOf({
    op: nn.concatRowsOp,
    cases: opCases(
      { 0: "a hidden", 1: "b hidden" },
      { given: ({ a, b }) => fc.constant({ fixed: { counts: [a, b] } }) },
    ),
    wrt: ["0", "1"],
    reference: (parts) => Object.values(parts).flatMap(({ values }) => [...values]),
  }),
  lawOf({
    op: nn.concatFeaturesOp,
    cases: opCases({ 0: "rows a", 1: "rows b" }, { given: ({ a, b }) => fc.constant({ fixed: { sizes: [a, b] } }) }),
    wrt: ["0", "1"],
    reference: (parts) => {
      const all = Object.values(parts);
      const count = Math.max(...all.map(rows));
      return Array.from({ length: count }, (_, row) => all.flatMap((part) => cells(part, row))).flat();
    },
  }),
  lawOf({
    op: nn.positionBiasOp,
    cases: opCases(
      { table: "buckets heads" },
      {
        given: ({ buckets }) =>
          fc.array(fc.nat(buckets - 1), { minLength: 0, maxLength: 20 }).map((half) => {
            return { data: { bucketOfDistance: Int32Array.of(...half, 0, ...half.reverse()) }, fixed: { buckets } };
          }),
      },
    ),
    wrt: ["table"],
    reference: ({ table: biases }, { bucketOfDistance }) =>
      Array.from({ length: columns(biases) }, (_, head) =>
        Array.from(bucketOfDistance, (bucket) => cell(biases, bucket, head)),
      ).flat(),
  }),
  lawOf({
    op: nn.dropoutOp,
    cases: opCases(
      { x: "tokens hidden" },
      {
        given: ({ tokens }) =>
          fc.tuple(arbitraryLayout(tokens), arbitraryKey(), rate).map(([{ data, fixed }, key, rate]) => ({
            data: { ...data, key: Uint32Array.from(key) },
            fixed: { ...fixed, rate },
          })),
      },
    ),
    wrt: ["x"],
    reference: ({ x }, { key: [k0 = 0, k1 = 0], ...data }, { rate }) => {
      const y = new Float64Array(x.values.length);
      for (const { start, length, number: row } of sentencesOf(data)) {
        for (let i = 0; i < length * columns(x); i++) {
          const place = { row, position: Math.floor(i / columns(x)), feature: i % columns(x) };
          const at = start * columns(x) + i;
          if (dropoutKeep([k0, k1], rate, place)) y[at] = element(x, at) / (1 - rate);
        }
      }
      return y;
    },
  }),
  lawOf({
    op: nn.meanPoolOp,
    cases: opCases({ x: "tokens hidden" }, { given: ({ tokens }) => arbitraryLayout(tokens) }),
    wrt: ["x"],
    reference: ({ x }, data) =>
      pooled(x, data, (own, column) => own.reduce((sum, row) => sum + cell(x, row, column), 0) / own.length),
  }),
  lawOf({
    op: nn.weightedPoolOp,
    cases: opCases(
      { x: "tokens hidden" },
      {
        given: ({ tokens }) =>
          fc.tuple(arbitraryLayout(tokens), fc.nat(99)).map(([{ data, fixed }, seed]) => ({
            data: { ...data, weights: floatsFromSeed(seed, tokens) },
            fixed,
          })),
      },
    ),
    wrt: ["x"],
    reference: ({ x }, { weights, ...data }) =>
      pooled(x, data, (own, column) => own.reduce((sum, row) => sum + cell(x, row, column) * (weights[row] ?? 0), 0)),
  }),
  lawOf({
    op: nn.segmentMaxOp,
    cases: opCases({ x: "tokens hidden" }, { given: ({ tokens }) => arbitraryLayout(tokens), values: { x: distinct } }),
    wrt: ["x"],
    reference: ({ x }, data) => pooled(x, data, (own, column) => Math.max(...own.map((row) => cell(x, row, column)))),
  }),
  lawOf({
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
      table(rows(x), columns(x), (row, column) => {
        return cell(x, row, column) / Math.sqrt(total(columns(x), (i) => cell(x, row, i) ** 2));
      }),
  }),
  lawOf({
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
              labels: fc.array(fc.nat(columns - 1), { minLength: rows, maxLength: rows }),
              out: fc.array(fc.constantFrom(0, 0, 1), { minLength: rows * columns, maxLength: rows * columns }),
            })
            .map(({ labels, out }) => {
              for (const [row, label] of labels.entries()) out[row * columns + label] = 0;
              return { data: { labels: Int32Array.from(labels), excluded: Uint8Array.from(out) } };
            }),
      },
    ),
    wrt: ["logits"],
    reference: ({ logits }, { labels, excluded }) =>
      Array.from(labels, (label, row) => {
        const size = columns(logits);
        const sum = total(size, (i) => (excluded?.[row * size + i] ? 0 : Math.exp(cell(logits, row, i))));
        return Math.log(sum) - cell(logits, row, label);
      }),
  }),
];

/** A row of a matrix. */
function cells(matrix: Numbers, row: number): number[] {
  return Array.from({ length: columns(matrix) }, (_, column) => cell(matrix, row, column));
}
