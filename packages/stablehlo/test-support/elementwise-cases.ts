import type { Binary, Comparison, ElementType, Unary } from "../src/index.ts";
import { at, type OpCase, type Plain, plain } from "./op-case.ts";

/**
 * StableHLO leaves the accuracy of these functions to the compiler. XLA's are good to some units in the last place, of 2⁻²⁴
 * relative: 16 of them are allowed, and four absolutely where a result near 0 comes from parts near 1.
 */
const approximate = { relative: 2 ** -20, tolerance: 2 ** -22 };

const around = [-2.75, -1.5, -1, -0.5, -0, 0, 0.25, 0.5, 1.5, 2.5, 3];
const positive = [0.001, 0.25, 0.5, 1, 2, 3.75, 100, 1e30];
const small = [-0.75, -0.001, 0, 1e-6, 0.5, 2];
const whole = [-(2 ** 31), -7, -1, 0, 1, 6, 2 ** 31 - 1];
const unsigned = [0, 1, 2, 7, 2 ** 31, 2 ** 32 - 1];
const quarters = [-1.5, 0.25, 3];
const odd = [Number.NaN, Infinity, -Infinity, 1];

/** Functions of floats: where they are tried, in float64, and whether float32 has the result exactly. */
const functions: readonly (readonly [Unary, readonly number[], (x: number) => number, "exact" | "close"])[] = [
  ["abs", around, Math.abs, "exact"],
  ["ceil", around, Math.ceil, "exact"],
  ["cosine", around, Math.cos, "close"],
  ["erf", around, erf, "close"],
  ["erfc", around, (x) => 1 - erf(x), "close"],
  ["exponential", around, Math.exp, "close"],
  ["exponential_minus_one", small, Math.expm1, "close"],
  ["floor", around, Math.floor, "exact"],
  ["log", positive, Math.log, "close"],
  ["log_plus_one", small, Math.log1p, "close"],
  ["logistic", around, (x) => 1 / (1 + Math.exp(-x)), "close"],
  ["negate", around, (x) => -x, "exact"],
  ["round_nearest_even", around, roundEven, "exact"],
  ["rsqrt", positive, (x) => 1 / Math.sqrt(x), "close"],
  ["sign", around, Math.sign, "exact"],
  ["sine", around, Math.sin, "close"],
  ["sqrt", positive, Math.sqrt, "close"],
  ["tanh", around, Math.tanh, "close"],
];

/** erf by its series, exact to float64's last digits up to |x| = 3 and a little less. */
function erf(x: number): number {
  let [sum, term] = [0, x];
  for (let n = 0; n < 60; n++) {
    sum += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function roundEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + Math.abs(down % 2) : Math.round(x);
}

const unaryCases = [
  ...functions.map(([op, values, f, how]) => unary(op, values, "f32", f, how === "exact" ? {} : approximate)),
  unary("abs", whole.slice(1), "i32", Math.abs),
  unary("negate", whole, "i32", (x) => -x | 0),
  unary("sign", whole, "i32", Math.sign),
  unary("not", whole, "i32", (x) => ~x),
  unary("not", unsigned, "ui32", (x) => ~x >>> 0),
  unary("not", [0, 1], "i1", (x) => 1 - x),
  unary("negate", around, "bf16", (x) => -x),
  unary("abs", around, "bf16", Math.abs),
  unary("sign", around, "bf16", Math.sign),
  unary("is_finite", odd, "f32", (x) => Number(Number.isFinite(x)), {}, "i1"),
];

function unary(
  op: Unary,
  values: readonly number[],
  type: ElementType,
  f: (x: number) => number,
  allowed: { readonly relative?: number; readonly tolerance?: number } = {},
  gives: ElementType = type,
): OpCase {
  const x = row(values, type);
  const [from, to] = [`tensor<${values.length}x${type}>`, `tensor<${values.length}x${gives}>`];
  const chlo = op === "erf" || op === "erfc";
  const types = chlo ? `${from} -> ${to}` : gives === type ? from : `(${from}) -> ${to}`;
  return {
    name: `${op} of ${type}`,
    inputs: [x],
    build: (graph, value) => graph.unary(op, value),
    line: `${chlo ? "chlo" : "stablehlo"}.${op} $0 : ${types}`,
    expected: row(x.values.map(f), gives),
    ...allowed,
  };
}

const { imul, fround } = Math;
/** Functions of two numbers of a type: every pair of the values of two lists. */
const pairs: readonly (readonly [
  Binary,
  ElementType,
  readonly number[],
  readonly number[],
  (x: number, y: number) => number,
  "close"?,
])[] = [
  ["add", "f32", around, positive, (x, y) => fround(x + y)],
  ["subtract", "f32", around, positive, (x, y) => fround(x - y)],
  ["multiply", "f32", around, positive, (x, y) => fround(x * y)],
  ["divide", "f32", around, [...positive, -0, 0], (x, y) => fround(x / y)],
  ["maximum", "f32", around, around, Math.max],
  ["minimum", "f32", around, around, Math.min],
  ["power", "f32", [0.25, 1, 2, 3.5], [-2, -0.5, 0, 1, 2.5], (x, y) => x ** y, "close"],
  ["remainder", "f32", around, [-2, 0.75, 1.5], (x, y) => x % y],
  ["atan2", "f32", around, [-1, -0, 0, 2], Math.atan2, "close"],
  ["add", "bf16", quarters, [0.5, 2], (x, y) => x + y],
  ["subtract", "bf16", quarters, [0.5, 2], (x, y) => x - y],
  ["multiply", "bf16", quarters, [0.5, 2], (x, y) => x * y],
  ["divide", "bf16", quarters, [0.5, 2], (x, y) => x / y],
  ["maximum", "bf16", quarters, [0.5, 2], Math.max],
  ["minimum", "bf16", quarters, [0.5, 2], Math.min],
  ["add", "i32", whole, whole, (x, y) => (x + y) | 0],
  ["subtract", "i32", whole, whole, (x, y) => (x - y) | 0],
  ["multiply", "i32", whole, whole, imul],
  ["divide", "i32", whole, [-2, 1, 3], (x, y) => Math.trunc(x / y)],
  ["remainder", "i32", whole, [-2, 1, 3], (x, y) => x % y],
  ["maximum", "i32", whole, whole, Math.max],
  ["minimum", "i32", whole, whole, Math.min],
  ["add", "ui32", unsigned, unsigned, (x, y) => (x + y) >>> 0],
  ["subtract", "ui32", unsigned, unsigned, (x, y) => (x - y) >>> 0],
  ["multiply", "ui32", unsigned, unsigned, (x, y) => imul(x, y) >>> 0],
  ["divide", "ui32", unsigned, [1, 3, 2 ** 31], (x, y) => Math.floor(x / y)],
  ["remainder", "ui32", unsigned, [1, 3, 2 ** 31], (x, y) => x % y],
  ["maximum", "ui32", unsigned, unsigned, Math.max],
  ["minimum", "ui32", unsigned, unsigned, Math.min],
  ["and", "i32", whole, whole, (x, y) => x & y],
  ["or", "i32", whole, whole, (x, y) => x | y],
  ["xor", "i32", whole, whole, (x, y) => x ^ y],
  ["and", "ui32", unsigned, unsigned, (x, y) => (x & y) >>> 0],
  ["or", "ui32", unsigned, unsigned, (x, y) => (x | y) >>> 0],
  ["xor", "ui32", unsigned, unsigned, (x, y) => (x ^ y) >>> 0],
  ["maximum", "i1", [0, 1], [0, 1], Math.max],
  ["minimum", "i1", [0, 1], [0, 1], Math.min],
  ["and", "i1", [0, 1], [0, 1], (x, y) => x & y],
  ["or", "i1", [0, 1], [0, 1], (x, y) => x | y],
  ["xor", "i1", [0, 1], [0, 1], (x, y) => x ^ y],
  ["shift_left", "i32", whole, [0, 1, 13, 31], (x, y) => x << y],
  ["shift_right_logical", "i32", whole, [0, 1, 13, 31], (x, y) => (x >>> y) | 0],
  ["shift_right_arithmetic", "ui32", unsigned, [0, 1, 13, 31], (x, y) => ((x | 0) >> y) >>> 0],
  ["shift_left", "ui32", unsigned, [0, 1, 13, 31], (x, y) => (x << y) >>> 0],
  ["shift_right_logical", "ui32", unsigned, [0, 1, 13, 31], (x, y) => x >>> y],
  ["shift_right_arithmetic", "i32", whole, [0, 1, 13, 31], (x, y) => x >> y],
];

const binaryCases = pairs.map(([op, type, xs, ys, f, close]): OpCase => {
  const { x, y, shape } = everyPair(xs, ys, type);
  return {
    name: `${op} of ${type}`,
    inputs: [x, y],
    build: (graph, a, b) => graph.binary(op, a, b),
    line: `stablehlo.${op} $0, $1 : tensor<${shape.join("x")}x${type}>`,
    expected: plain(shape, (i, j) => f(at(x, i, j), at(y, i, j)), type),
    ...(close && approximate),
  };
});

const comparisons: { readonly [how in Comparison]: (x: number, y: number) => boolean } = {
  EQ: (x, y) => x === y,
  NE: (x, y) => x !== y,
  LT: (x, y) => x < y,
  LE: (x, y) => x <= y,
  GT: (x, y) => x > y,
  GE: (x, y) => x >= y,
};
const compared = [
  ["f32", [...around, Number.NaN], "FLOAT", ["EQ", "NE", "LT", "LE", "GT", "GE"]],
  ["i32", whole, "SIGNED", ["EQ", "LT", "GE"]],
  ["ui32", unsigned, "UNSIGNED", ["NE", "GT"]],
  ["i1", [0, 1], "UNSIGNED", ["EQ", "LT"]],
] as const;

const compareCases = compared.flatMap(([type, values, word, hows]) =>
  hows.map((how): OpCase => {
    const { x, y, shape } = everyPair(values, values, type);
    const text = `tensor<${shape.join("x")}x${type}>`;
    return {
      name: `compare ${how} of ${type}`,
      inputs: [x, y],
      build: (graph, a, b) => graph.compare(how, a, b),
      line: `stablehlo.compare ${how}, $0, $1, ${word} : (${text}, ${text}) -> tensor<${shape.join("x")}xi1>`,
      expected: plain(shape, (i, j) => Number(comparisons[how](at(x, i, j), at(y, i, j))), "i1"),
    };
  }),
);

/** Conversions: the values that go in, and what each is as the other type. */
const conversions: readonly (readonly [ElementType, ElementType, readonly number[], readonly number[]])[] = [
  ["f32", "i32", [-2.75, -0, 0.5, 1.5, 1e6], [-2, 0, 0, 1, 1e6]],
  ["f32", "ui32", [0, 1.5, 3e9], [0, 1, 3e9]],
  ["f32", "i1", [-0, 0, 0.25, -1], [0, 0, 1, 1]],
  // Ties go to the even one of bfloat16's 8 bits: 1 + 2⁻⁸ down, 1 + 3·2⁻⁸ up.
  ["f32", "bf16", [1 + 2 ** -8, 1 + 3 * 2 ** -8, -0.5, 1 / 3], [1, 1 + 2 ** -6, -0.5, 0.333984375]],
  ["bf16", "f32", [1.5, -0.25, 3e5 - 3e5], [1.5, -0.25, 0]],
  ["i32", "f32", [-7, 0, 16777217], [-7, 0, 16777216]],
  ["i32", "i1", [-7, 0, 1], [1, 0, 1]],
  ["i32", "ui32", [-1, 0, 7], [2 ** 32 - 1, 0, 7]],
  ["ui32", "i32", [2 ** 32 - 1, 7], [-1, 7]],
  ["ui32", "f32", [2 ** 31, 7], [2 ** 31, 7]],
  ["i1", "f32", [0, 1], [0, 1]],
  ["i1", "i32", [0, 1], [0, 1]],
];

const convertCases = conversions.map(
  ([from, to, values, results]): OpCase => ({
    name: `convert ${from} to ${to}`,
    inputs: [row(values, from)],
    build: (graph, x) => graph.convert(x, to),
    line: `stablehlo.convert $0 : (tensor<${values.length}x${from}>) -> tensor<${values.length}x${to}>`,
    expected: row(results, to),
  }),
);

const chosen = { p: row([1, 0, 1], "i1"), x: row([1, 2, 3]), y: row([-1, -2, -3]) };
const otherCases: OpCase[] = [
  {
    name: "select",
    inputs: [chosen.p, chosen.x, chosen.y],
    build: (graph, p, x, y) => graph.select(p, x, y),
    line: "stablehlo.select $0, $1, $2 : tensor<3xi1>, tensor<3xf32>",
    expected: row([1, -2, 3]),
  },
  {
    name: "bitcast f32 to ui32",
    inputs: [row([1, -2])],
    build: (graph, x) => graph.bitcast(x, "ui32"),
    line: "stablehlo.bitcast_convert $0 : (tensor<2xf32>) -> tensor<2xui32>",
    expected: row([0x3f800000, 0xc0000000], "ui32"),
  },
];

function row(values: readonly number[], type: ElementType = "f32"): Plain {
  return plain([values.length], (i) => values[i] ?? Number.NaN, type);
}

function everyPair(xs: readonly number[], ys: readonly number[], type: ElementType) {
  const shape = [xs.length, ys.length];
  const x = plain(shape, (i) => xs[i] ?? Number.NaN, type);
  return { shape, x, y: plain(shape, (_, j) => ys[j] ?? Number.NaN, type) };
}

/** Functions of single elements and of pairs, on all types that they take. */
export const elementwiseCases: readonly OpCase[] = [
  ...unaryCases,
  ...binaryCases,
  ...compareCases,
  ...convertCases,
  ...otherCases,
];
