// Calls a program that updates a donated weight again and again, with an array put, one read and one buffer disposed in each step.
// Prints by how many MiB the process, without the JavaScript heap, grew between a warm-up and the end. Arguments: plugin, steps, text.
import { openPlugin } from "@kindred/pjrt";

const [path, steps, text] = process.argv.slice(2);
const client = (await openPlugin(path)).client();
const program = client.compile({ text });
const [{ shape }] = program.parameters;
const size = shape.reduce((product, each) => product * each, 1);
const gradient = new Float32Array(size).fill(1e-4);
const into = new Float32Array(size);
let weight = client.put(new Float32Array(size), { shape });
const step = async () => {
  const given = client.put(gradient, { shape });
  [[weight]] = program.execute([[weight, given]]);
  given.dispose();
  await weight.read(into);
};
const resident = () => {
  globalThis.gc();
  const { rss, heapTotal } = process.memoryUsage();
  return (rss - heapTotal) / 2 ** 20;
};
for (let i = 0; i < steps / 5; i++) await step();
const before = resident();
for (let i = 0; i < steps; i++) await step();
const { buffers, programs } = client.live;
console.log(JSON.stringify({ grewMiB: resident() - before, value: into[0], live: { buffers, programs } }));
