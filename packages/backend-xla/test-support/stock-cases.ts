import * as tf from "@tensorflow/tfjs-core";

/** What stock kernels are tried on: numbers of all signs, some equal and some 0; positive ones; ones between −1 and 1; whole ones; truths. */
export type StockInputs = {
  readonly x: tf.Tensor2D;
  readonly y: tf.Tensor2D;
  readonly row: tf.Tensor1D;
  readonly cube: tf.Tensor3D;
  readonly positive: tf.Tensor2D;
  readonly unit: tf.Tensor2D;
  readonly whole: tf.Tensor2D;
  readonly divisor: tf.Tensor2D;
  readonly truth: tf.Tensor2D;
  readonly other: tf.Tensor2D;
  readonly ids: tf.Tensor1D;
  readonly pairs: tf.Tensor2D;
};

type Case = (inputs: StockInputs) => tf.Tensor | tf.Tensor[];

/** Calls of each stock kernel, by its name. */
export const stockCases: { readonly [kernel: string]: readonly Case[] } = {
  Abs: [({ x }) => tf.abs(x), ({ whole }) => tf.abs(whole)],
  Neg: [({ x }) => tf.neg(x), ({ whole }) => tf.neg(whole)],
  Square: [({ x }) => tf.square(x), ({ whole }) => tf.square(whole)],
  Sqrt: [({ positive }) => tf.sqrt(positive)],
  Rsqrt: [({ positive }) => tf.rsqrt(positive)],
  Reciprocal: [({ positive }) => tf.reciprocal(positive)],
  Exp: [({ x }) => tf.exp(x)],
  Expm1: [({ x }) => tf.expm1(x)],
  Log: [({ positive }) => tf.log(positive)],
  Log1p: [({ positive }) => tf.log1p(positive)],
  Sigmoid: [({ x }) => tf.sigmoid(tf.mul(x, 20))],
  Softplus: [({ x }) => tf.softplus(tf.mul(x, 20))],
  Tanh: [({ x }) => tf.tanh(x)],
  Erf: [({ x }) => tf.erf(x)],
  Relu: [({ x }) => tf.relu(x)],
  Relu6: [({ x }) => tf.relu6(tf.mul(x, 4))],
  Elu: [({ x }) => tf.elu(x)],
  Selu: [({ x }) => tf.selu(x)],
  Sin: [({ x }) => tf.sin(x)],
  Cos: [({ x }) => tf.cos(x)],
  Tan: [({ unit }) => tf.tan(unit)],
  Asin: [({ unit }) => tf.asin(unit)],
  Acos: [({ unit }) => tf.acos(unit)],
  Atan: [({ x }) => tf.atan(x)],
  Sinh: [({ x }) => tf.sinh(tf.mul(x, 10))],
  Cosh: [({ x }) => tf.cosh(tf.mul(x, 10))],
  Asinh: [({ x }) => tf.asinh(x)],
  Acosh: [({ positive }) => tf.acosh(tf.add(positive, 1))],
  Atanh: [({ unit }) => tf.atanh(unit)],
  Ceil: [({ x }) => tf.ceil(x)],
  Floor: [({ x }) => tf.floor(x)],
  Round: [({ x }) => tf.round(tf.add(tf.floor(x), 0.5)), ({ x }) => tf.round(x)],
  Sign: [({ x }) => tf.sign(x)],
  Step: [({ x }) => tf.step(x), ({ x }) => tf.step(x, 0.5)],
  IsNan: [({ x }) => tf.isNaN(tf.log(x))],
  IsFinite: [({ x }) => tf.isFinite(tf.log(x))],
  IsInf: [({ x }) => tf.isInf(tf.log(tf.relu(x)))],
  LogicalNot: [({ truth }) => tf.logicalNot(truth)],
  ZerosLike: [({ x }) => tf.zerosLike(x), ({ whole }) => tf.zerosLike(whole)],
  OnesLike: [({ x }) => tf.onesLike(x)],
  Add: [({ x, y }) => tf.add(x, y), ({ x, row }) => tf.add(row, x), ({ whole }) => tf.add(whole, whole)],
  Sub: [({ x, y }) => tf.sub(x, y), ({ x, row }) => tf.sub(row, x)],
  Multiply: [({ x, y }) => tf.mul(x, y), ({ x, cube }) => tf.mul(x, cube)],
  RealDiv: [({ x, positive }) => tf.div(x, positive)],
  FloorDiv: [({ x, positive }) => tf.floorDiv(x, positive), ({ whole, divisor }) => tf.floorDiv(whole, divisor)],
  Mod: [
    ({ whole, divisor }) => tf.mod(whole, divisor),
    ({ whole, divisor }) => tf.mod(tf.cast(whole, "float32"), tf.cast(divisor, "float32")),
  ],
  SquaredDifference: [({ x, row }) => tf.squaredDifference(x, row)],
  Maximum: [({ x, y }) => tf.maximum(x, y), ({ whole }) => tf.maximum(whole, tf.scalar(1, "int32"))],
  Minimum: [({ x, row }) => tf.minimum(x, row)],
  Pow: [({ positive, x }) => tf.pow(positive, x), ({ x }) => tf.pow(x, 2), ({ x }) => tf.pow(x, 3)],
  Atan2: [({ x, y }) => tf.atan2(x, y)],
  BitwiseAnd: [({ whole, divisor }) => tf.bitwiseAnd(whole, divisor)],
  LogicalAnd: [({ truth, other }) => tf.logicalAnd(truth, other)],
  LogicalOr: [({ truth, other }) => tf.logicalOr(truth, other)],
  LogicalXor: [],
  Equal: [({ x, y }) => tf.equal(x, y), ({ whole, divisor }) => tf.equal(whole, divisor)],
  NotEqual: [({ x, y }) => tf.notEqual(x, y)],
  Less: [({ x, y }) => tf.less(x, y)],
  LessEqual: [({ x, y }) => tf.lessEqual(x, y)],
  Greater: [({ x, row }) => tf.greater(x, row), ({ whole }) => tf.greater(whole, tf.scalar(0, "int32"))],
  GreaterEqual: [({ x, y }) => tf.greaterEqual(x, y)],
  AddN: [({ x, y, positive }) => tf.addN([x, y, positive])],
  LeakyRelu: [({ x }) => tf.leakyRelu(x, 0.3)],
  Prelu: [({ x, row }) => tf.prelu(x as tf.Tensor, row)],
  ClipByValue: [({ x }) => tf.clipByValue(x, -0.5, 0.75)],
  Select: [({ truth, x, y }) => tf.where(truth, x, y), ({ truth, x, row }) => tf.where<tf.Tensor>(truth, x, row)],
  Cast: [
    ({ x }) => tf.cast(x, "int32"),
    ({ x }) => tf.cast(x, "bool"),
    ({ truth }) => tf.cast(truth, "float32"),
    ({ whole }) => tf.cast(whole, "float32"),
    ({ x }) => tf.cast(x, "float32"),
  ],
  Sum: [
    ({ x }) => tf.sum(x),
    ({ cube }) => tf.sum(cube, [0, 2], true),
    ({ whole }) => tf.sum(whole, -1),
    ({ truth }) => tf.sum(truth, 0),
  ],
  Prod: [({ x }) => tf.prod(x, 1), ({ whole }) => tf.prod(whole, 0)],
  Mean: [({ x }) => tf.mean(x), ({ cube }) => tf.mean(cube, 1), ({ whole }) => tf.mean(whole, 0, true)],
  Max: [({ x }) => tf.max(x), ({ cube }) => tf.max(cube, [1, 2]), ({ whole }) => tf.max(whole, 0)],
  Min: [({ x }) => tf.min(x, 1, true), ({ cube }) => tf.min(cube)],
  All: [({ truth }) => tf.all(truth, 0), ({ truth }) => tf.all(truth)],
  Any: [({ truth }) => tf.any(truth, 1, true)],
  ArgMax: [({ x }) => tf.argMax(x, 1), ({ x }) => tf.argMax(x), ({ whole }) => tf.argMax(whole, -1)],
  ArgMin: [({ cube }) => tf.argMin(cube, 2)],
  Cumsum: [
    ({ x }) => tf.cumsum(x, 1),
    ({ x }) => tf.cumsum(x, 0, true),
    ({ cube }) => tf.cumsum(cube, 1, true, true),
    ({ x }) => tf.cumsum(x, 1, false, true),
  ],
  Cumprod: [({ x }) => tf.cumprod(x, 1), ({ x }) => tf.cumprod(x, 0, true, true)],
  Softmax: [({ x }) => tf.softmax(tf.mul(x, 30)), ({ cube }) => tf.softmax(cube)],
  LogSoftmax: [],
  BatchMatMul: [
    ({ x, y }) => tf.matMul(x, y, false, true),
    ({ x, y }) => tf.matMul(x, y, true),
    ({ cube }) => tf.matMul(cube, cube, false, true),
    ({ cube, x }) => tf.matMul(cube, tf.expandDims(x, 0), false, true),
  ],
  Slice: [({ x }) => tf.slice(x, [1, 1], [2, -1]), ({ cube }) => tf.slice(cube, 1), ({ row }) => tf.slice(row, 2, 1)],
  PadV2: [
    ({ x }) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    ({ row }) => tf.pad(row as tf.Tensor, [[2, 1]], 7),
  ],
  StridedSlice: [
    ({ x }) => tf.stridedSlice(x, [0, 0], [3, 4], [2, 1]),
    ({ x }) => tf.stridedSlice(x, [2, 3], [0, 0], [-1, -2]),
    ({ cube }) => tf.stridedSlice(cube, [0, 1, 0], [2, 3, 4], [1, 1, 3]),
    ({ x }) => tf.stridedSlice(x, [1, 0], [3, 9], [1, 1], 0, 2),
  ],
  Transpose: [({ x }) => tf.transpose(x), ({ cube }) => tf.transpose(cube, [2, 0, 1])],
  Reverse: [({ x }) => tf.reverse(x, 1), ({ cube }) => tf.reverse(cube, [0, -1]), ({ row }) => tf.reverse(row)],
  MirrorPad: [
    ({ x }) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [0, 3],
        ],
        "reflect",
      ),
    ({ x }) =>
      tf.mirrorPad(
        x,
        [
          [2, 3],
          [1, 0],
        ],
        "symmetric",
      ),
  ],
  Tile: [({ x }) => tf.tile(x, [2, 3]), ({ cube }) => tf.tile(cube, [1, 2, 1])],
  Concat: [({ x, y }) => tf.concat([x, y], 0), ({ x, y, positive }) => tf.concat([x, y, positive], -1)],
  Pack: [({ x, y }) => tf.stack([x, y], 1), ({ row }) => tf.stack([row, row], -1)],
  Unpack: [({ x }) => tf.unstack(x, 1), ({ cube }) => tf.unstack(cube)],
  SplitV: [({ x }) => tf.split(x, 2, 1), ({ x }) => tf.split(x, [1, -1], 0)],
  Fill: [() => tf.fill([2, 3], 1.5), () => tf.fill([2], 7, "int32")],
  Range: [() => tf.range(2, 14, 3), () => tf.range(5, 0, -2, "int32"), () => tf.range(3, 3)],
  LinSpace: [() => tf.linspace(1, 3, 5), () => tf.linspace(4, 4, 1)],
  GatherV2: [
    ({ x, ids }) => tf.gather(x, ids),
    ({ x, ids }) => tf.gather(x, ids, 1),
    ({ cube, pairs }) => tf.gather(cube, pairs, 1),
    ({ cube, pairs }) => tf.gather(cube, tf.slice(pairs, 0, 2), 2, 1),
    ({ x }) => tf.gather(x, tf.scalar(1, "int32"), 1),
  ],
  GatherNd: [
    ({ x, pairs }) => tf.gatherND(x, pairs),
    ({ cube, pairs }) => tf.gatherND(cube, tf.minimum(pairs, tf.scalar(1, "int32"))),
  ],
  ScatterNd: [
    ({ pairs, row }) => tf.scatterND(pairs, tf.slice(row, 0, 3), [3, 3]),
    ({ ids, x }) => tf.scatterND(tf.expandDims(tf.slice(ids, 0, 3), 1), x, [5, 4]),
  ],
  UnsortedSegmentSum: [
    ({ x, ids }) => tf.unsortedSegmentSum(x, tf.sub(tf.slice(ids, 0, 3), tf.scalar(1, "int32")) as tf.Tensor1D, 2),
  ],
  TopK: [
    ({ x }) => Object.values(tf.topk(x, 2)),
    ({ cube }) => Object.values(tf.topk(cube, 3)),
    ({ whole }) => Object.values(tf.topk(whole, 4)),
  ],
  OneHot: [({ ids }) => tf.oneHot(ids, 4), ({ ids }) => tf.oneHot(ids, 3, 2, -1, "float32")],
  Reshape: [({ x }) => tf.reshape(x, [4, -1])],
  ExpandDims: [({ x }) => tf.expandDims(x, 1), ({ x }) => tf.expandDims(x, -1)],
  Identity: [({ x }) => tf.clone(x)],
};
