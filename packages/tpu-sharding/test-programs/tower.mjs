import { shardRows } from "@kindred/mesh";
import { defineOp, valueAndGradients } from "@kindred/tensor";
import { allGather } from "@kindred/tpu-sharding";
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

/** Plain gradient descent, in ops, which remembers the gradient for whoever looks: numbers are [rate]. */
export const descent = {
  name: "descent",
  options: {},
  slots: ["gradient"],
  learningRate: () => 0.1,
  numbers: () => Float32Array.of(0.1),
  rests: () => false,
  update: ({ parameter, gradient }, { numbers, clip }) => {
    const clipped = tf.mul(gradient, clip);
    return [tf.sub(parameter, tf.mul(clipped, tf.slice(numbers, 0, 1))), clipped];
  },
};

export default async ({ core, data: { inputs, hidden, mutant } }) => {
  const scale = 1.5;
  return {
    optimizer: descent,
    /** The loss of this core's rows and, in the store, its gradients; a core without rows only calls the collectives. */
    step: (store, { x, y, rows }) => {
      const counts = Array.from({ length: core.size }, (_, index) => shardRows(rows, core.size, index).count);
      const { start, count } = shardRows(rows, core.size, core.index);
      if (count === 0) {
        core.allGather(new Float32Array(0));
        core.reduceScatter(new Float32Array(rows * hidden), { counts: counts.map((own) => own * hidden) });
        return { loss: tf.scalar(0) };
      }
      const own = (values) => tf.tensor2d(values.slice(start * inputs, (start + count) * inputs), [count, inputs]);
      const [ownX, ownY] = [own(x), own(y)];
      const { u, v } = store.parameters;
      const { value, gradients } = valueAndGradients(
        () => {
          const a = linear({ x: ownX, weight: u }, {}, {});
          const ownB = linear({ x: ownY, weight: v }, {}, {});
          const b = mutant ? sliceGather({ x: ownB }, {}, { core }) : allGather(ownB, core, { rows: counts });
          return loss({ a, b }, {}, { scale, firstRow: start, totalRows: rows });
        },
        { u, v },
      );
      for (const [name, gradient] of Object.entries(gradients)) store.add(name, gradient);
      tf.dispose([...Object.values(gradients), ownX, ownY]);
      return { loss: value };
    },
    /** Tensors that live on this core, beside its parameters: what the test asks for. */
    embed: () => tf.scalar(tf.memory().numTensors - 2),
  };
};
