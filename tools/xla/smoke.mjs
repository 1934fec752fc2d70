// node tools/xla/smoke.mjs [--plugin PATH] [--devices n] [--json]: does this machine's XLA plugin do all that Kindred asks of it?
//
// One file for a fresh TPU VM, a machine with GPUs, or any other: it needs `@kindred/pjrt` and koffi, and neither Python nor a network.
// Every check compares numbers with plain JavaScript. Exit code 1 where one fails. docs/xla.md says how to get this far.
import { parseArgs } from "node:util";
import { findPlugin, openPlugin } from "@kindred/pjrt";

/** @import { Client, Device, DeviceBuffer, Plugin } from "@kindred/pjrt" */

const { values: options } = parseArgs({
  options: { plugin: { type: "string" }, devices: { type: "string" }, json: { type: "boolean", default: false } },
});

/** One replica's part of a program: `func main(a: f32[rows,columns], …)`. */
const tensor = (/** @type {readonly number[]} */ sizes, type = "f32") => `tensor<${[...sizes, type].join("x")}>`;
/** @param {string} head @param {string} results @param {string} body */
const main = (head, results, body) => `module @smoke { func.func public @main(${head}) -> ${results} {\n${body}\n} }`;
/** @param {number} length @param {number} seed */
const numbers = (length, seed) => Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898 + seed * 78.233));

/** @type {{ name: string, ok: boolean, detail: string, ms: number }[]} */
const results = [];

/**
 * @param {string} name
 * @param {() => Promise<string>} body says what it found, or throws
 */
async function check(name, body) {
  const start = performance.now();
  try {
    const detail = await body();
    results.push({ name, ok: true, detail, ms: performance.now() - start });
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    results.push({ name, ok: false, detail, ms: performance.now() - start });
  }
  const { ok, detail, ms } = /** @type {typeof results[number]} */ (results.at(-1)); // pushed above
  if (!options.json)
    console.log(`${ok ? "✓" : "✗"} ${name} (${ms.toFixed(0)} ms)${detail === "" ? "" : `: ${detail}`}`);
}

/** @param {ArrayLike<number>} got @param {ArrayLike<number>} expected @param {number} tolerance */
function expectClose(got, expected, tolerance) {
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((got[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (!(difference <= tolerance))
      throw new Error(`element ${i} is ${got[i]}, expected ${expected[i]} within ${tolerance}.`);
    most = Math.max(most, difference);
  }
  return `largest difference ${most.toExponential(1)}`;
}

const path = findPlugin(options.plugin === undefined ? {} : { plugin: options.plugin });
const plugin = await openPlugin(path);
const client = plugin.client(options.devices === undefined ? {} : { devices: Number(options.devices) });
const { devices } = client;
const [first] = devices;
if (first === undefined) throw new Error(`smoke: ${path} has no devices in this process.`);
if (!options.json) {
  console.log(
    `${path}\nPJRT ${plugin.apiVersion.join(".")}, ${client.platform}: ${client.version.replaceAll("\n", " ")}`,
  );
  for (const device of devices) console.log(`  ${device.id}: ${device.kind}, ${device.description}${memoryOf(device)}`);
}

/** @param {Device} device */
function memoryOf(device) {
  const memory = device.memory();
  const gib = (/** @type {number} */ bytes) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  if (memory === undefined) return "";
  return `, ${gib(memory.used)} in use${memory.limit === undefined ? "" : ` of ${gib(memory.limit)}`}`;
}

await check("arrays come back from every device", async () => {
  const values = numbers(1000, 1);
  for (const device of devices) {
    const buffer = client.put(values, { shape: [10, 100], device });
    expectClose(await buffer.read(new Float32Array(1000)), values, 0);
    buffer.dispose();
  }
  return `${devices.length} devices`;
});

// Of products XLA may take fewer bits where that is fast: a TPU multiplies float32 as bfloat16 (8 bits), a GPU as TF32 (10 bits), unless the
// program asks for HIGHEST. Sums of 64 products below 1 differ by 64 × 2^-8 at most, by a tenth of it in practice.
for (const [precision, tolerance] of /** @type {const} */ ([
  ["HIGHEST", 1e-4],
  ["DEFAULT", 64 * 2 ** -8],
]))
  await check(`a float32 product, precision ${precision}`, async () => {
    const [n, k, m] = [32, 64, 16];
    const [a, b] = [numbers(n * k, 1), numbers(k * m, 2)];
    const body = `  %0 = stablehlo.dot_general %a, %b, contracting_dims = [1] x [0], precision = [${precision}, ${precision}] : (${tensor([n, k])}, ${tensor([k, m])}) -> ${tensor([n, m])}
  return %0 : ${tensor([n, m])}`;
    const text = main(`%a: ${tensor([n, k])}, %b: ${tensor([k, m])}`, tensor([n, m]), body);
    const got = await runOnce(
      client,
      text,
      [client.put(a, { shape: [n, k] }), client.put(b, { shape: [k, m] })],
      n * m,
    );
    const expected = Array.from({ length: n * m }, (_, at) => {
      const [row, column] = [Math.floor(at / m), at % m];
      return Array.from({ length: k }, (_, i) => (a[row * k + i] ?? 0) * (b[i * m + column] ?? 0)).reduce(
        (x, y) => x + y,
        0,
      );
    });
    return expectClose(got, expected, tolerance);
  });

await check("erf, exponential, rsqrt and a reduction", async () => {
  const t = tensor([64]);
  const body = `  %0 = chlo.erf %a : ${t} -> ${t}
  %1 = stablehlo.exponential %0 : ${t}
  %2 = stablehlo.rsqrt %1 : ${t}
  %3 = stablehlo.constant dense<0.0> : tensor<f32>
  %4 = stablehlo.reduce(%2 init: %3) applies stablehlo.add across dimensions = [0] : (${t}, tensor<f32>) -> tensor<f32>
  return %4 : tensor<f32>`;
  const a = Float32Array.from({ length: 64 }, (_, i) => (i - 32) / 16);
  const got = await runOnce(client, main(`%a: ${t}`, "tensor<f32>", body), [client.put(a, { shape: [64] })], 1);
  // rsqrt(exp(erf x)) = exp(−erf(x) / 2); erf by its power series, which has met its limit after 60 terms for |x| ≤ 2.
  const erf = (/** @type {number} */ x) => {
    let sum = 0;
    for (let n = 0, term = x; n < 60; n++, term *= (-x * x) / n) sum += term / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  return expectClose(got, [a.reduce((sum, x) => sum + Math.exp(-erf(x) / 2), 0)], 1e-3);
});

await check("a donated weight is updated in place, 100 times", async () => {
  const t = tensor([256]);
  const body = `  %0 = stablehlo.constant dense<0.5> : ${t}
  %1 = stablehlo.multiply %g, %0 : ${t}
  %2 = stablehlo.subtract %w, %1 : ${t}
  return %2 : ${t}`;
  const program = client.compile({ text: main(`%w: ${t} {tf.aliasing_output = 0 : i32}, %g: ${t}`, t, body) });
  const gradient = client.put(new Float32Array(256).fill(2), { shape: [256] });
  /** @type {DeviceBuffer} */
  let weight = client.put(new Float32Array(256), { shape: [256] });
  for (let step = 0; step < 100; step++) weight = program.execute([[weight, gradient]])[0]?.[0] ?? weight;
  expectClose(await weight.read(new Float32Array(256)), new Float32Array(256).fill(-100), 0);
  const { aliased } = program.memory();
  for (const used of [program, gradient, weight]) used.dispose();
  if (aliased !== 1024)
    throw new Error(`the compiler gave ${aliased} bytes the memory of their argument, expected 1024.`);
  return `${aliased} bytes aliased`;
});

await check("bfloat16 products with float32 sums", async () => {
  const [a, o] = [tensor([8, 64], "bf16"), tensor([8, 8])];
  const body = `  %0 = stablehlo.dot_general %a, %a, contracting_dims = [1] x [1] : (${a}, ${a}) -> ${o}
  return %0 : ${o}`;
  const ones = client.put(new Uint16Array(512).fill(0x3fc0), { shape: [8, 64] }); // 1.5
  return expectClose(await runOnce(client, main(`%a: ${a}`, o, body), [ones], 64), new Float32Array(64).fill(144), 0);
});

await check(`collectives over ${devices.length} devices`, async () => {
  const n = devices.length;
  const groups = `replica_groups = dense<[[${devices.map((_, i) => i).join(",")}]]> : tensor<1x${n}xi64>`;
  const add = `({ ^bb0(%l: tensor<f32>, %r: tensor<f32>): %s = stablehlo.add %l, %r : tensor<f32>
    stablehlo.return %s : tensor<f32> })`;
  const [whole, all] = [tensor([n, 4]), tensor([n * n, 4])];
  const body = `  %0 = "stablehlo.all_reduce"(%a) <{${groups}}> ${add} : (${whole}) -> ${whole}
  %1 = "stablehlo.all_gather"(%a) <{all_gather_dim = 0 : i64, ${groups}}> : (${whole}) -> ${all}
  %2 = "stablehlo.reduce_scatter"(%a) <{${groups}, scatter_dimension = 0 : i64}> ${add} : (${whole}) -> ${tensor([1, 4])}
  return %0, %1, %2 : ${whole}, ${all}, ${tensor([1, 4])}`;
  const program = client.compile(
    { text: main(`%a: ${whole}`, `(${whole}, ${all}, ${tensor([1, 4])})`, body) },
    { replicas: n },
  );
  const given = devices.map((_, d) => Float32Array.from({ length: 4 * n }, (_, i) => d * 100 + i));
  const outputs = program.execute(given.map((values, d) => [client.put(values, { shape: [n, 4], device: at(d) })]));
  const sums = Array.from({ length: 4 * n }, (_, i) => given.reduce((sum, values) => sum + (values[i] ?? 0), 0));
  for (const [d, list] of outputs.entries()) {
    const [sum, gathered, part] = list;
    expectClose((await sum?.read(new Float32Array(4 * n))) ?? [], sums, 0);
    expectClose(
      (await gathered?.read(new Float32Array(4 * n * n))) ?? [],
      given.flatMap((values) => [...values]),
      0,
    );
    expectClose((await part?.read(new Float32Array(4))) ?? [], sums.slice(4 * d, 4 * d + 4), 0);
  }
  return "allReduce, allGather, reduceScatter";
});

await check("a compiled program comes back from its bytes", async () => {
  const t = tensor([4]);
  const text = main(`%a: ${t}`, t, `  %0 = stablehlo.add %a, %a : ${t}\n  return %0 : ${t}`);
  const bytes = client.compile({ text }).serialize();
  const loaded = client.load(bytes, { text });
  const [[sum] = []] = loaded.execute([[client.put(Float32Array.of(1, 2, 3, 4), { shape: [4] })]]);
  expectClose((await sum?.read(new Float32Array(4))) ?? [], [2, 4, 6, 8], 0);
  return `${bytes.length} bytes`;
});

await check("a mistake is an error with the compiler's words", async () => {
  try {
    client.compile({ text: main(`%a: ${tensor([4])}`, tensor([4]), `  return %nobody : ${tensor([4])}`) });
  } catch {
    return "";
  }
  throw new Error("a program with an unknown value was compiled.");
});

for (const type of /** @type {const} */ (["f32", "bf16"]))
  await check(`speed of ${type} products on one device`, async () => {
    // Grown until a run takes a fifth of a second, so that a laptop and a TPU both measure something.
    for (let size = 512, times = 4; ; size *= 2) {
      const { seconds, operations } = await productSeconds(size, times, type);
      if (seconds < 0.2 && size < 16384) continue;
      return `${(operations / seconds / 1e12).toFixed(3)} TFLOP/s (${times} products of ${size} × ${size})`;
    }
  });

/** @param {number} size @param {number} times @param {"f32" | "bf16"} type */
async function productSeconds(size, times, type) {
  const t = tensor([size, size], type);
  const lines = Array.from({ length: times }, (_, i) => {
    const before = i === 0 ? "%a" : `%${i - 1}`;
    return `  %${i} = stablehlo.dot_general ${before}, %a, contracting_dims = [1] x [0] : (${t}, ${t}) -> ${t}`;
  });
  const text = main(`%a: ${t}`, t, `${lines.join("\n")}\n  return %${times - 1} : ${t}`);
  const program = client.compile({ text });
  const zeros = type === "f32" ? new Float32Array(size * size) : new Uint16Array(size * size);
  const a = client.put(zeros, { shape: [size, size] });
  const run = async () => {
    const [[out] = []] = program.execute([[a]]);
    await out?.ready();
    out?.dispose();
  };
  await run();
  const start = performance.now();
  await run();
  const seconds = (performance.now() - start) / 1000;
  for (const used of [program, a]) used.dispose();
  return { seconds, operations: 2 * times * size ** 3 };
}

/**
 * Runs a program once on the first device.
 *
 * @param {Client} client
 * @param {string} text
 * @param {readonly DeviceBuffer[]} buffers
 * @param {number} elements of its one output
 */
async function runOnce(client, text, buffers, elements) {
  const program = client.compile({ text });
  const [[out] = []] = program.execute([buffers]);
  const values = await out?.read(new Float32Array(elements));
  for (const used of [program, ...buffers]) used.dispose();
  out?.dispose();
  return values ?? new Float32Array(0);
}

/** @param {number} d */
function at(d) {
  const device = devices[d];
  if (device === undefined) throw new RangeError(`smoke: no device ${d}.`);
  return device;
}

const failed = results.filter(({ ok }) => !ok).length;
if (options.json) console.log(JSON.stringify(summary(plugin, client)));
else console.log(`${results.length - failed} passed, ${failed} failed`);
client.close();
process.exitCode = failed === 0 ? 0 : 1;

/** @param {Plugin} plugin @param {Client} client */
function summary({ apiVersion, attributes }, { platform, version }) {
  const described = devices.map((device) => ({ ...device, memory: device.memory() }));
  return { path, apiVersion, attributes, platform, version, devices: described, checks: results };
}
