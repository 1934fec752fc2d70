import { defineOp, engineFromModule, valueAndGradients } from "@kindred/tensor";
import { shardRows } from "@kindred/mesh";
import { allGather, allGatherRows, parameterExchange, reduceScatterRows } from "@kindred/tpu-sharding";
import * as tf from "@tensorflow/tfjs-core";

// Two linear towers and an in-batch contrastive loss over the rows of all cores: scores = scale · (x·Uᵀ)·(y·Vᵀ)ᵀ, row i's answer
// is column i. Each core has its rows of x and y, and the loss of its rows over the number of all rows.

const linear = defineOp({
  name: "ToyLinear",
  check: () => {},
  composite: ({ x, weight }) => tf.matMul(x, tf.transpose(weight)),
  save: ["x", "weight"],
  gradient: (dy, { x, weight }) => ({
    x: () => tf.matMul(dy, weight),
    weight: () => tf.matMul(tf.transpose(dy), x),
  }),
});

const probabilities = (a, b, { scale, firstRow }) => {
  const logits = tf.mul(tf.matMul(a, tf.transpose(b)), scale);
  const [rows, columns] = logits.shape;
  const ones = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) ones[row * columns + firstRow + row] = 1;
  const labels = tf.tensor2d(ones, [rows, columns]);
  return { labels, probabilities: tf.softmax(logits) };
};

const loss = defineOp({
  name: "ToyContrastiveLoss",
  check: () => {},
  composite: ({ a, b }, _, fixed) => {
    const { labels, probabilities: p } = probabilities(a, b, fixed);
    return tf.div(tf.neg(tf.sum(tf.mul(labels, tf.log(p)))), fixed.totalRows);
  },
  save: ["a", "b"],
  gradient: (dy, { a, b }, _, fixed) => {
    const { labels, probabilities: p } = probabilities(a, b, fixed);
    const dlogits = tf.mul(tf.sub(p, labels), tf.mul(dy, fixed.scale / fixed.totalRows));
    return { a: () => tf.matMul(dlogits, b), b: () => tf.matMul(tf.transpose(dlogits), a) };
  },
});

/** A mutant of allGather: its gradient is this core's rows of its own dy, as in torch_xla, and drops what the others say. */
const sliceGather = defineOp({
  name: "ToySliceGather",
  check: () => {},
  composite: ({ x }, _, { core }) => tf.tensor(core.allGather(x.dataSync()), [x.shape[0] * core.size, x.shape[1]]),
  gradient: (dy, _saved, _, { core }) => ({
    x: () => tf.slice(dy, [(core.index * dy.shape[0]) / core.size, 0], [dy.shape[0] / core.size, dy.shape[1]]),
  }),
});

export default async (core, { shards, memory, sizes, engine, mutant }) => {
  await (await engineFromModule(engine)).start();
  const { inputs, hidden } = sizes;
  const exchange = parameterExchange(core, shards, memory);
  const scale = 1.5;

  /** The loss of this core's rows and, in the exchange, its gradients; a core without rows only calls the collectives. */
  const localStep = (weights, { x, y, rows }) => {
    const { start, count } = shardRows(rows, core.size, core.index);
    if (count === 0) {
      const { rows: counts } = allGatherRows(new Float32Array(0), { hidden, core });
      reduceScatterRows(new Float32Array(rows * hidden), { rows: counts, hidden, core });
      return 0;
    }
    const own = (values) => tf.tensor2d(values.slice(start * inputs, (start + count) * inputs), [count, inputs]);
    const parameters = Object.fromEntries(
      Object.entries(weights).map(([name, values]) => [name, tf.tensor2d(values.slice(), [hidden, inputs])]),
    );
    const [ownX, ownY] = [own(x), own(y)];
    const { value, gradients } = valueAndGradients(() => {
      const a = linear({ x: ownX, weight: parameters.u }, {}, {});
      const ownB = linear({ x: ownY, weight: parameters.v }, {}, {});
      const b = mutant ? sliceGather({ x: ownB }, {}, { core }) : allGather(ownB, core);
      return loss({ a, b }, {}, { scale, firstRow: start, totalRows: rows });
    }, parameters);
    for (const [name, gradient] of Object.entries(gradients)) exchange.addGradient(name, gradient);
    const result = value.dataSync()[0];
    tf.dispose([value, ...Object.values(gradients), ...Object.values(parameters), ownX, ownY]);
    return result;
  };

  /** Plain gradient descent: enough to see that weights and gradients pass around the mesh. */
  const step = (weights, batch, rate) => {
    const value = core.allReduceScalar(localStep(weights, batch));
    const gradients = exchange.reduceGradients();
    const sums = Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, gradient.slice()]));
    for (const [name, own] of Object.entries(exchange.ownWeights)) {
      for (let i = 0; i < own.length; i++) own[i] -= rate * gradients[name][i];
    }
    return { value, sums, weights: exchange.publishWeights() };
  };

  return {
    train: ({ batch, steps, rate }) => {
      core.barrier();
      let weights = { u: memory.weights.subarray(0, hidden * inputs), v: memory.weights.subarray(hidden * inputs) };
      const losses = [];
      let sums = {};
      for (let i = 0; i < steps; i++) {
        const result = step(weights, batch, rate);
        losses.push(result.value);
        weights = result.weights;
        sums = result.sums;
      }
      return { losses, gradients: sums, tensors: tf.memory().numTensors };
    },
  };
};
