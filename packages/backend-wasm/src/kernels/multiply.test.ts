import { expectMutantToFail, floatsFromSeed } from "@kindred/testing";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { instantiateKernels } from "../instantiate-kernels.ts";
import type { KernelExports } from "../generated/kernel-exports.ts";
import { relaxedSimdWorks } from "@kindred/side-module";

// The product as its callers see it, on a memory of its own: sizes on both sides of every tile and block.

/** A call of `matmul`; strides have `gap` numbers more than there are columns. */
type Product = {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  readonly gap: number;
  readonly leftTransposed: boolean;
  readonly rightTransposed: boolean;
  readonly start: "nothing" | "bias" | "what C holds";
  readonly activated: "nothing" | "left" | "right" | "C" | "slope";
};

/** The arguments of `matmul`, for a mutant to change. */
type Arguments = Record<
  | "form"
  | "rows"
  | "columns"
  | "inner"
  | "a"
  | "strideA"
  | "b"
  | "strideB"
  | "c"
  | "strideC"
  | "bias"
  | "activated"
  | "scratch",
  number
>;

const product: fc.Arbitrary<Product> = fc.record({
  rows: fc.constantFrom(0, 1, 2, 5, 6, 7, 13, 31, 257, 512, 513, 769, 773),
  columns: fc.constantFrom(0, 1, 3, 7, 8, 9, 15, 16, 17, 31, 40, 64, 131),
  inner: fc.constantFrom(0, 1, 3, 4, 5, 16, 64, 255, 257, 521, 785),
  gap: fc.constantFrom(0, 1, 4),
  leftTransposed: fc.boolean(),
  rightTransposed: fc.boolean(),
  start: fc.constantFrom("nothing", "bias", "what C holds"),
  activated: fc.constantFrom("nothing", "left", "right", "C", "slope"),
});

const untouched = 12345.5;

function check(
  exports: KernelExports,
  memory: WebAssembly.Memory,
  { rows, columns, inner, gap, leftTransposed, rightTransposed, start, activated }: Product,
  change: (numbers: Arguments) => Partial<Arguments> = () => ({}),
): void {
  const [strideA, strideB, strideC] = [
    (leftTransposed ? rows : inner) + gap,
    (rightTransposed ? inner : columns) + gap,
    columns + gap,
  ];
  let end = 64;
  const place = (count: number, values: (count: number) => ArrayLike<number>) => {
    const at = end;
    const numbers = new Float32Array(memory.buffer, at, count);
    numbers.set(values(count));
    end += 4 * count;
    return { at, numbers };
  };
  const filled = (count: number) => new Float32Array(count).fill(untouched);
  const a = place((leftTransposed ? inner : rows) * strideA, (count) => floatsFromSeed(1, count));
  const b = place((rightTransposed ? columns : inner) * strideB, (count) => floatsFromSeed(2, count));
  const bias = place(columns + 1, (count) => floatsFromSeed(3, count));
  const c = place(rows * strideC, (count) => (start === "what C holds" ? floatsFromSeed(4, count) : filled(count)));
  // What becomes GELU(C), or what GELU's slope is that of.
  const y = place(rows * strideC, (count) => (activated === "slope" ? floatsFromSeed(5, count) : filled(count)));
  const other = y.numbers.slice();
  const held = c.numbers.slice();
  const scratchBytes = exports.matmulScratchBytes(0, rows, inner);
  const scratch = place(scratchBytes / 4, filled);
  const beyond = place(64, filled);

  const form =
    Number(leftTransposed) +
    2 * Number(rightTransposed) +
    4 * Number(start === "what C holds") +
    { nothing: 0, left: 8, right: 16, C: 0, slope: 32 }[activated];
  const [biasAt, activatedAt] = [start === "bias" ? bias.at : 0, activated === "C" || activated === "slope" ? y.at : 0];
  const numbers: Arguments = {
    ...{ form, rows, columns, inner, a: a.at, strideA, b: b.at, strideB, c: c.at, strideC },
    ...{ bias: biasAt, activated: activatedAt, scratch: scratch.at },
  };
  const now = { ...numbers, ...change(numbers) };
  exports.matmul(
    ...[now.form, now.rows, now.columns, now.inner, now.a, now.strideA, now.b, now.strideB, now.c, now.strideC],
    ...[now.bias, now.activated, now.scratch],
  );

  const leftNumbers = activated === "left" ? Float64Array.from(a.numbers, gelu) : a.numbers;
  const rightNumbers = activated === "right" ? Float64Array.from(b.numbers, gelu) : b.numbers;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < strideC; j++) {
      const at = i * strideC + j;
      if (j >= columns) {
        if (c.numbers[at] !== held[at] || y.numbers[at] !== other[at]) expect.fail(`written beyond row ${i}`);
        continue;
      }
      let sum = start === "bias" ? bias.numbers[j]! : start === "what C holds" ? held[at]! : 0;
      let size = Math.abs(sum);
      for (let k = 0; k < inner; k++) {
        const left = leftNumbers[leftTransposed ? k * strideA + i : i * strideA + k]!;
        const right = rightNumbers[rightTransposed ? j * strideB + k : k * strideB + j]!;
        sum += left * right;
        size += Math.abs(left * right);
      }
      // Each of the products and sums is rounded once, by at most 2⁻²⁴ of what has been added up till then (Higham 2002, section 3.1).
      // GELU and its slope, of numbers up to 2, are good to 4e-7 absolutely (see GELU's law), and at most 1.13 times as steep.
      const tolerance = (inner + 2) * 2 ** -24 * size + (activated === "nothing" ? 0 : 4e-7 * Math.max(inner, size));
      const wanted = activated === "slope" ? sum * geluSlope(other[at]!) : sum;
      const where = `[${i}, ${j}]`;
      if (!(Math.abs(c.numbers[at]! - wanted) <= 1.13 * tolerance)) {
        expect.fail(`C${where} is ${c.numbers[at]}, not ${wanted}`);
      }
      if (activated !== "C") {
        if (y.numbers[at] !== other[at]) expect.fail(`the other matrix is written at ${where}`);
      } else if (!(Math.abs(y.numbers[at]! - gelu(sum)) <= 1.13 * tolerance + 4e-7)) {
        expect.fail(`GELU(C)${where} is ${y.numbers[at]}, not ${gelu(sum)}`);
      }
    }
  }
  expect(
    beyond.numbers.every((value) => value === untouched),
    "beyond scratch",
  ).toBe(true);
}

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

function geluSlope(x: number): number {
  return 0.5 * (1 + erf(x / Math.SQRT2)) + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI);
}

/** erf(x) = 2/√π·e^(−x²)·Σ 2ⁿx²ⁿ⁺¹/(2n + 1)!! (Abramowitz and Stegun, 7.1.6). */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let [sum, term] = [0, x];
  for (let n = 0; Math.abs(term) > 1e-17; n++) {
    sum += term;
    term *= (2 * x * x) / (2 * n + 3);
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

describe.each(["simd", "relaxed", "wide"] as const)("the %s product", (variant) => {
  const able = variant === "simd" || relaxedSimdWorks();
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 65536 });
  let exports: KernelExports;
  beforeAll(async () => {
    if (able) exports = await instantiateKernels(variant, memory);
  });

  test.skipIf(!able)("is float64's, whatever the sizes and forms, and writes nowhere else", () => {
    fc.assert(
      fc.property(product, (one) => check(exports, memory, one)),
      { numRuns: 40 },
    );
  });

  const square: Product = {
    ...{ rows: 17, columns: 17, inner: 17, gap: 0, leftTransposed: false, rightTransposed: true },
    ...{ start: "bias", activated: "C" },
  };
  const mutants: [fault: string, change: (numbers: Arguments) => Partial<Arguments>][] = [
    ["a bias that is one off", ({ bias }) => ({ bias: bias + 4 })],
    ["no bias", () => ({ bias: 0 })],
    ["the last column skipped", ({ columns }) => ({ columns: columns - 1 })],
    ["the last row skipped", ({ rows }) => ({ rows: rows - 1 })],
    ["the last step skipped", ({ inner }) => ({ inner: inner - 1 })],
    ["the left operand transposed", ({ form }) => ({ form: form ^ 1 })],
    ["the right operand transposed", ({ form }) => ({ form: form ^ 2 })],
    ["sums that go on from what C holds", ({ form }) => ({ form: form ^ 4 })],
    ["no activation", () => ({ activated: 0 })],
    ["an activation too many", ({ form }) => ({ form: form ^ 8 })],
    ["a slope instead of a value", ({ form }) => ({ form: form ^ 32 })],
  ];
  test.skipIf(!able).each(mutants)("would notice %s", (_, change) => {
    check(exports, memory, square);
    expectMutantToFail(() => check(exports, memory, square, change));
  });
});
