// Collects garbage around and between calls, with memory that is reused at once: what a call points to must stay until it is over.
import { openPlugin } from "@kindred/pjrt";

const [path, text] = process.argv.slice(2);
const litter = () => {
  globalThis.gc();
  for (let i = 0; i < 50; i++) new Float32Array(64).fill(i);
};
const client = (await openPlugin(path)).client();
let wrong = 0;
let program;
for (let i = 0; i < 64; i++) {
  if (i % 8 === 0) program = client.compile({ text: `${text}// ${i}` });
  litter();
  const [a, b] = [i, 2 * i].map((value) => client.put(new Float32Array(4).fill(value), { shape: [4] }));
  litter();
  const [[sum]] = program.execute([[a, b]]);
  litter();
  const reading = sum.read(new Float32Array(4));
  litter();
  if ((await reading).some((value) => value !== 3 * i)) wrong++;
  for (const used of [a, b, sum]) used.dispose();
}
console.log(JSON.stringify({ wrong }));
