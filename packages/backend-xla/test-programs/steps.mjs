// Steps of changing lengths of a small model, whose weights and moments stay on the device. Prints by how many MiB the process, without the
// JavaScript heap, grew between a warm-up and the end, and how many programs were made. With a way to end, ends so while a step runs.
// Arguments: plugin, steps, way ("read", "exit" or "throw").
import { xla } from "@kindred/backend-xla";
import { linear } from "@kindred/nn";
import { valueAndGradients } from "@kindred/tensor";
import * as tf from "@tensorflow/tfjs-core";

const [plugin, steps, way] = process.argv.slice(2);
let programs = 0;
const engine = await xla({ plugin, cacheFolder: false, onCompile: () => programs++ }).start();
const width = 256;
let weights = [0, 1].map((seed) =>
  tf.tensor2d(
    Float32Array.from({ length: width * width }, (_, i) => Math.sin(i + seed) / 16),
    [width, width],
  ),
);
engine.devices.place(weights, 0);
const step = (i) =>
  engine.devices.on(0, () => {
    const rows = 16 * (1 + (i % 5));
    const x = tf.tensor2d(
      Float32Array.from({ length: rows * width }, (_, j) => Math.cos(i + j)),
      [rows, width],
    );
    const loss = () => tf.mean(tf.square(linear(tf.tanh(linear(x, weights[0])), weights[1])));
    const { value, gradients } = valueAndGradients(loss, { a: weights[0], b: weights[1] });
    const moved = [gradients.a, gradients.b].map((gradient, j) =>
      tf.tidy(() => tf.keep(tf.sub(weights[j], tf.mul(gradient, 0.1)))),
    );
    tf.dispose([x, weights, gradients]);
    weights = moved;
    return value;
  });
const resident = () => {
  globalThis.gc?.();
  const { rss, heapTotal } = process.memoryUsage();
  return (rss - heapTotal) / 2 ** 20;
};
let before = 0;
for (let i = 0; i < steps; i++) {
  if (i === Math.floor(steps / 5)) before = resident();
  const value = step(i);
  if (way === "read") await value.data();
  value.dispose();
}
if (way === "throw") throw new Error("on purpose");
if (way === "exit") process.exit(7);
console.log(
  JSON.stringify({ grewMiB: resident() - before, programs, tensors: tf.memory().numTensors, live: engine.client.live }),
);
