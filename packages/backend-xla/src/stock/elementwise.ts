import type { Comparison, Graph, Unary, Value } from "@kindred/stablehlo";
import * as tf from "@tensorflow/tfjs-core";
import { elementType, listed, type StockKernel, stock } from "./stock-kernel.ts";

/** Arithmetic on values and numbers, which reads from the inside out. */
const arithmetic = (graph: Graph) => ({
  add: (x: Value | number, y: Value | number) => graph.binary("add", x, y),
  sub: (x: Value | number, y: Value | number) => graph.binary("subtract", x, y),
  mul: (x: Value | number, y: Value | number) => graph.binary("multiply", x, y),
  div: (x: Value | number, y: Value | number) => graph.binary("divide", x, y),
  max: (x: Value | number, y: Value | number) => graph.binary("maximum", x, y),
  min: (x: Value | number, y: Value | number) => graph.binary("minimum", x, y),
  un: (op: Unary, x: Value) => graph.unary(op, x),
  where: (p: Value, x: Value | number, y: Value | number) => graph.select(p, x, y),
  cmp: (how: Comparison, x: Value | number, y: Value | number) => graph.compare(how, x, y),
});

type Arithmetic = ReturnType<typeof arithmetic>;

/** Kernels of one tensor. */
const ofOne: { readonly [name: string]: (a: Arithmetic, x: Value, graph: Graph) => Value } = {
  Abs: ({ un }, x) => un("abs", x),
  Neg: ({ un }, x) => un("negate", x),
  Square: ({ mul }, x) => mul(x, x),
  Sqrt: ({ un }, x) => un("sqrt", x),
  Rsqrt: ({ un }, x) => un("rsqrt", x),
  Reciprocal: ({ div }, x) => div(1, x),
  Exp: ({ un }, x) => un("exponential", x),
  Expm1: ({ un }, x) => un("exponential_minus_one", x),
  Log: ({ un }, x) => un("log", x),
  Log1p: ({ un }, x) => un("log_plus_one", x),
  Sigmoid: ({ un }, x) => un("logistic", x),
  // max(x, 0) + log(1 + e^−|x|): nothing overflows.
  Softplus: ({ add, max, un }, x) => add(max(x, 0), un("log_plus_one", un("exponential", un("negate", un("abs", x))))),
  Tanh: ({ un }, x) => un("tanh", x),
  Erf: ({ un }, x) => un("erf", x),
  Relu: ({ max }, x) => max(x, 0),
  Relu6: ({ max, min }, x) => min(max(x, 0), 6),
  Elu: ({ cmp, un, where }, x) => where(cmp("GE", x, 0), x, un("exponential_minus_one", x)),
  Selu: ({ cmp, mul, un, where }, x) =>
    where(
      cmp("GE", x, 0),
      mul(x, tf.backend_util.SELU_SCALE),
      mul(un("exponential_minus_one", x), tf.backend_util.SELU_SCALEALPHA),
    ),
  Sin: ({ un }, x) => un("sine", x),
  Cos: ({ un }, x) => un("cosine", x),
  Tan: ({ div, un }, x) => div(un("sine", x), un("cosine", x)),
  Asin: (a, x, graph) => graph.binary("atan2", x, besideOnCircle(a, x)),
  Acos: (a, x, graph) => graph.binary("atan2", besideOnCircle(a, x), x),
  Atan: (_, x, graph) => graph.binary("atan2", x, graph.constant(1, x.type, x.shape)),
  // By e^|x| − 1, which is exact near 0; e^(|x| − log 2) does not overflow before the result does.
  Sinh: ({ add, cmp, div, mul, sub, un, where }, x) => {
    const size = un("abs", x);
    const less = un("exponential_minus_one", size);
    const near = mul(0.5, add(less, div(less, add(less, 1))));
    return mul(un("sign", x), where(cmp("GT", size, 20), un("exponential", sub(size, Math.LN2)), near));
  },
  Cosh: ({ add, sub, un }, x) => {
    const size = un("abs", x);
    return add(un("exponential", sub(size, Math.LN2)), un("exponential", sub(un("negate", size), Math.LN2)));
  },
  // log(1 + a + a²/(1 + √(a² + 1))), a = |x|; where a² would overflow, log 2a.
  Asinh: ({ add, cmp, div, mul, un, where }, x) => {
    const size = un("abs", x);
    const square = mul(size, size);
    const near = un("log_plus_one", add(size, div(square, add(1, un("sqrt", add(square, 1))))));
    return mul(un("sign", x), where(cmp("GT", size, 1e9), add(un("log", size), Math.LN2), near));
  },
  Acosh: ({ add, mul, sub, un }, x) => {
    const above = sub(x, 1);
    return un("log_plus_one", add(above, mul(un("sqrt", above), un("sqrt", add(above, 2)))));
  },
  Atanh: ({ mul, sub, un }, x) => mul(0.5, sub(un("log_plus_one", x), un("log_plus_one", un("negate", x)))),
  Ceil: ({ un }, x) => un("ceil", x),
  Floor: ({ un }, x) => un("floor", x),
  Round: ({ un }, x) => un("round_nearest_even", x),
  Sign: ({ un }, x) => un("sign", x),
  IsNan: ({ cmp }, x) => cmp("NE", x, x),
  IsFinite: ({ un }, x) => un("is_finite", x),
  IsInf: ({ cmp, un }, x) => cmp("EQ", un("abs", x), Number.POSITIVE_INFINITY),
  LogicalNot: ({ un }, x) => un("not", x),
  ZerosLike: (_, x, graph) => graph.constant(0, x.type, x.shape),
  OnesLike: (_, x, graph) => graph.constant(1, x.type, x.shape),
};

/** √(1 − x²): the other coordinate of a point on the circle. */
function besideOnCircle({ add, mul, sub, un }: Arithmetic, x: Value): Value {
  return un("sqrt", mul(sub(1, x), add(1, x)));
}

/** Kernels of two tensors that broadcast. */
const ofTwo: { readonly [name: string]: (m: Arithmetic, a: Value, b: Value, graph: Graph) => Value } = {
  Add: ({ add }, a, b) => add(a, b),
  Sub: ({ sub }, a, b) => sub(a, b),
  Multiply: ({ mul }, a, b) => mul(a, b),
  RealDiv: ({ div }, a, b) => div(a, b),
  FloorDiv: ({ cmp, div, sub, un, where }, a, b, graph) => {
    if (a.type === "f32") return graph.convert(un("floor", div(a, b)), "i32"); // whole numbers of whatever it is given
    const rest = graph.binary("remainder", a, b);
    const below = graph.binary("and", cmp("NE", rest, 0), graph.binary("xor", cmp("LT", rest, 0), cmp("LT", b, 0)));
    return sub(div(a, b), where(below, graph.constant(1, a.type), graph.constant(0, a.type)));
  },
  // The remainder that has b's sign.
  Mod: ({ add, cmp, where }, a, b, graph) => {
    const rest = graph.binary("remainder", a, b);
    const alike = graph.compare("EQ", cmp("LT", a, 0), cmp("LT", b, 0));
    return where(alike, rest, graph.binary("remainder", add(rest, b), b));
  },
  SquaredDifference: ({ mul, sub }, a, b) => mul(sub(a, b), sub(a, b)),
  Maximum: ({ max }, a, b) => max(a, b),
  Minimum: ({ min }, a, b) => min(a, b),
  Pow: (_, a, b, graph) => graph.binary("power", a, b),
  Atan2: (_, a, b, graph) => graph.binary("atan2", a, b),
  BitwiseAnd: (_, a, b, graph) => graph.binary("and", a, b),
  LogicalAnd: (_, a, b, graph) => graph.binary("and", a, b),
  LogicalOr: (_, a, b, graph) => graph.binary("or", a, b),
  LogicalXor: (_, a, b, graph) => graph.binary("xor", a, b),
  Equal: ({ cmp }, a, b) => cmp("EQ", a, b),
  NotEqual: ({ cmp }, a, b) => cmp("NE", a, b),
  Less: ({ cmp }, a, b) => cmp("LT", a, b),
  LessEqual: ({ cmp }, a, b) => cmp("LE", a, b),
  Greater: ({ cmp }, a, b) => cmp("GT", a, b),
  GreaterEqual: ({ cmp }, a, b) => cmp("GE", a, b),
};

/** Kernels of tfjs that work element by element. */
export const elementwiseKernels: readonly StockKernel[] = [
  ...Object.entries(ofOne).map(([name, rule]) => stock<"x">(name, (graph, { x }) => rule(arithmetic(graph), x, graph))),
  ...Object.entries(ofTwo).map(([name, rule]) =>
    stock<"a" | "b">(name, (graph, { a, b }) => rule(arithmetic(graph), a, b, graph)),
  ),
  stock<string>("AddN", (graph, inputs) => listed(inputs).reduce((sum, x) => graph.binary("add", sum, x))),
  stock<"x", { alpha: number }>("Step", (graph, { x }, { alpha }) =>
    graph.select(
      graph.compare("NE", x, x),
      x,
      graph.select(graph.compare("GT", x, 0), graph.constant(1, x.type, x.shape), graph.constant(alpha, x.type)),
    ),
  ),
  stock<"x", { alpha: number }>("LeakyRelu", (graph, { x }, { alpha }) =>
    graph.select(graph.compare("LT", x, 0), graph.binary("multiply", x, alpha), x),
  ),
  stock<"x" | "alpha">("Prelu", (graph, { x, alpha }) =>
    graph.select(graph.compare("LT", x, 0), graph.binary("multiply", x, alpha), x),
  ),
  stock<"x", { clipValueMin: number; clipValueMax: number }>(
    "ClipByValue",
    (graph, { x }, { clipValueMin, clipValueMax }) =>
      graph.binary("minimum", graph.binary("maximum", x, clipValueMin), clipValueMax),
  ),
  stock<"condition" | "t" | "e">("Select", (graph, { condition, t, e }) => graph.select(condition, t, e)),
  stock<"x", { dtype: string }>("Cast", (graph, { x }, { dtype }) =>
    dtype === "bool" ? graph.compare("NE", x, graph.constant(0, x.type)) : graph.convert(x, elementType(dtype)),
  ),
];
