import { refuse } from "./refuse.ts";
import type { ElementType, Shape, TensorType } from "./value.ts";

/** Functions are computed in f32: bf16 holds too little to ask for their values in it. */
const float: readonly ElementType[] = ["f32"];
const numbers: readonly ElementType[] = ["f32", "bf16", "i32", "ui32"];
const signed: readonly ElementType[] = ["f32", "bf16", "i32"];
const exact: readonly ElementType[] = ["f32", "i32", "ui32"];
const bits: readonly ElementType[] = ["i1", "i32", "ui32"];
const words: readonly ElementType[] = ["i32", "ui32"];
const all: readonly ElementType[] = [...numbers, "i1"];

/** A function of one element, by StableHLO's name; `erf` and `erfc` are CHLO's. */
export type Unary =
  | "abs"
  | "ceil"
  | "cosine"
  | "erf"
  | "erfc"
  | "exponential"
  | "exponential_minus_one"
  | "floor"
  | "is_finite"
  | "log"
  | "log_plus_one"
  | "logistic"
  | "negate"
  | "not"
  | "round_nearest_even"
  | "rsqrt"
  | "sign"
  | "sine"
  | "sqrt"
  | "tanh";

/** A function of two elements, by StableHLO's name. Whole numbers wrap around. */
export type Binary =
  | "add"
  | "and"
  | "atan2"
  | "divide"
  | "maximum"
  | "minimum"
  | "multiply"
  | "or"
  | "power"
  | "remainder"
  | "shift_left"
  | "shift_right_arithmetic"
  | "shift_right_logical"
  | "subtract"
  | "xor";

/** How two elements are compared: equal, not equal, less, less or equal, greater, greater or equal. NaN is equal to nothing. */
export type Comparison = "EQ" | "NE" | "LT" | "LE" | "GT" | "GE";

/** Functions of one element, and the types they take. */
export const unaryOps: { readonly [Op in Unary]: readonly ElementType[] } = {
  abs: signed,
  ceil: float,
  cosine: float,
  erf: float,
  erfc: float,
  exponential: float,
  exponential_minus_one: float,
  floor: float,
  is_finite: float,
  log: float,
  log_plus_one: float,
  logistic: float,
  negate: signed,
  not: bits,
  round_nearest_even: float,
  rsqrt: float,
  sign: signed,
  sine: float,
  sqrt: float,
  tanh: float,
};

/** Functions of two elements of one type, and the types they take. */
export const binaryOps: { readonly [Op in Binary]: readonly ElementType[] } = {
  add: numbers,
  and: bits,
  atan2: float,
  divide: numbers,
  maximum: all,
  minimum: all,
  multiply: numbers,
  or: bits,
  power: float,
  remainder: exact,
  shift_left: words,
  shift_right_arithmetic: words,
  shift_right_logical: words,
  subtract: numbers,
  xor: bits,
};

/** The dialect of an operation's text: the functions that StableHLO has no word for are CHLO's. */
export function dialect(op: Unary): "chlo" | "stablehlo" {
  return op === "erf" || op === "erfc" ? "chlo" : "stablehlo";
}

/** How elements of a type are compared, as programs write it. */
export const comparisonTypes = {
  f32: "FLOAT",
  bf16: "FLOAT",
  i32: "SIGNED",
  ui32: "UNSIGNED",
  i1: "UNSIGNED",
} as const;

/** @throws ShapeError if an operation does not take elements of this type */
export function expectType(op: string, x: TensorType, types: readonly ElementType[]): void {
  if (!types.includes(x.type)) refuse(op, `it does not take ${x.type}`, { x }, types.join(", "));
}

/** @throws ShapeError if two tensors have elements of two types */
export function expectSameType(op: string, x: TensorType, y: TensorType): void {
  if (x.type !== y.type) refuse(op, "two element types", { x, y }, "one: convert one of them");
}

/**
 * The shape of what has one element for each pair of elements, as NumPy has it: axes are matched from the last one
 * backwards, and an axis of length 1, or that is missing, is repeated.
 *
 * @throws ShapeError if two lengths differ and neither is 1
 */
export function broadcastShapes(op: string, x: Shape, y: Shape): Shape {
  const rank = Math.max(x.length, y.length);
  return Array.from({ length: rank }, (_, i) => {
    const [a, b] = [x[x.length - rank + i] ?? 1, y[y.length - rank + i] ?? 1];
    if (a !== b && a !== 1 && b !== 1)
      refuse(op, "the shapes do not broadcast", { x, y }, "the same length on each axis, or 1");
    return a === 1 ? b : a;
  });
}
