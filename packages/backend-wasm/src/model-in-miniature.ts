import * as nn from "@kindred/nn";
import { type Float, packed, valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

/** How large the miniature is. `hidden` is a multiple of `heads`; there are at least 8 tokens. */
export type MiniatureSizes = { readonly tokens: number; readonly hidden: number; readonly heads: number };

const buckets = 5;
const vocab = 11;

/**
 * Loss and gradients, by name, of a model that uses every op with a kernel once, forward and backward, on fixed numbers; of what is for
 * inference only, the result.
 */
export function modelInMiniature({ tokens, hidden, heads }: MiniatureSizes): ReadonlyMap<string, Float32Array> {
  const layout = packed([1, (tokens >> 2) - 1, tokens - (tokens >> 2)]);
  const ids = Int32Array.from({ length: tokens }, (_, i) => (i * i) % vocab);
  const bucketOfDistance = Int32Array.from({ length: 2 * tokens - 1 }, (_, i) => i % buckets);
  const parameters = {
    table: numbers<"vocab hidden">([vocab, hidden]),
    distances: numbers<"buckets heads">([buckets, heads]),
    weight: numbers<"hidden hidden">([hidden, hidden], Math.sqrt(3 / hidden)), // keeps the variance
    bias: numbers<"hidden">([hidden]),
    gamma: numbers<"hidden">([hidden]),
    beta: numbers<"hidden">([hidden]),
  };
  const { table, distances, weight, bias, gamma, beta } = parameters;
  const dropout = { rate: 0.1, key: [1, 2] as const };
  const epsilon = 1e-5;
  const loss = () => {
    const embedded = nn.layerNorm(nn.embedding(ids, table), gamma, beta, { epsilon });
    const x = nn.dropout(embedded, { ...dropout, layout });
    const q = nn.linear(x, weight, bias);
    const attended = nn.attention(q, x, x, nn.positionBias(distances, bucketOfDistance), { layout, heads, dropout });
    const normed = nn.addLayerNorm(attended, x, gamma, beta, { epsilon });
    const fed = nn.geluLinear(nn.linear(normed, weight, bias), weight, bias);
    const y = nn.add(nn.gelu(fed), nn.scale(normed, 0.5));
    const means = nn.add(nn.meanPool(y, { layout }), nn.weightedPool(y, { layout, weights: Float32Array.from(ids) }));
    const firsts: Float<"batch hidden"> = nn.gatherRows(y, layout.data.starts);
    const pooled = nn.l2Normalize(nn.add(nn.add(means, nn.segmentMax(y, { layout })), firsts));
    const scores = nn.matmulTransposed(pooled, normed);
    const excluded = Uint8Array.from({ length: 3 * tokens }, (_, i) => ((i % tokens) % 7 === 6 ? 1 : 0));
    return nn.sum(nn.softmaxCrossEntropy(scores, Int32Array.of(0, 1, 2), { excluded }));
  };
  const { value, gradients } = valueAndGradients(loss, parameters);
  const projected = tf.tidy(() => nn.linear(table, nn.packWeight(numbers<"32 hidden">([32, hidden]))));
  const optimized = tf.tidy(() => optimizeOnce(table));
  const all = { loss: value, projected, ...gradients, ...optimized };
  const results = new Map(Object.entries(all).map(([name, x]) => [name, read(x)]));
  tf.dispose([Object.values(all), Object.values(parameters)]);
  return results;
}

/** A step of AdamW on fixed numbers, and the square of a gradient's norm. */
function optimizeOnce(parameter: Float): { readonly [name: string]: Float } {
  const [gradient, first, half] = [numbers(parameter.shape, 2), numbers(parameter.shape), numbers(parameter.shape)];
  const ofStep = tf.tensor1d([0.1, -0.1, -0.05, 1e-3, 0.9]); // rate, factors, epsilon, kept
  const inputs = { parameter, gradient, first, second: tf.square(half), numbers: ofStep, clip: tf.scalar(0.7) };
  const [stepped, mean, squares] = nn.adamwOp(inputs, {}, { beta1: 0.9, beta2: 0.99, decays: true });
  return { stepped, mean, squares, norm: nn.sumOfSquaresOp({ x: gradient }, {}, {}) };
}

/** A tensor of numbers between −limit and limit that look random. */
function numbers<Axes extends string>(shape: number[], limit = 0.5): Float<Axes> {
  const count = tf.util.sizeFromShape(shape);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = limit * ((Math.imul(i + count, 0x9e3779b1) >>> 8) / 2 ** 23 - 1);
  return tf.tensor(values, shape, "float32");
}

function read(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync());
}
