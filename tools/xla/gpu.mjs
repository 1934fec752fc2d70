// A machine's GPU measured within 8 minutes, beside PyTorch on the same GPU:
//
//   node tools/xla/gpu.mjs [--plugin xla_cuda_plugin.so] [--python python3] [--minutes 8] [--size tiny]
//
// It needs a checkout with its packages, built (`npm ci`, `npm run build`); neither a network nor data: weights are random, of MPNet-base's size, and
// every row has the same number of tokens. Each part is a process of its own, which is ended when the time is over. Any other plugin will do as well.
import { spawnSync } from "node:child_process";
import { writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { xla } from "@kindred/backend-xla";
import { findPlugin } from "@kindred/pjrt";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { modelFolder } from "../bench/inputs/model-folder.mjs";
import { root } from "../node-runtime.mjs";
import { oneStep } from "./one-step.mjs";

const { values: options } = parseArgs({
  options: {
    plugin: { type: "string" },
    python: { type: "string", default: "python3" },
    minutes: { type: "string", default: "8" },
    size: { type: "string", default: "base" },
    pairs: { type: "string", default: "64" },
    tokens: { type: "string", default: "128" },
    steps: { type: "string", default: "20" },
    part: { type: "string" },
  },
});
const size = options.size === "tiny" ? "tiny" : "base";
const [pairs, tokens, steps] = [Number(options.pairs), Number(options.tokens), Number(options.steps)];

/** What a part measured: texts a second at the best of its turns, and what it ran on. */
/** @typedef {{ readonly textsPerSecond: number, readonly firstSeconds: number, readonly on: string }} Measured */

const kinds = /** @type {const} */ (["float32", "bfloat16"]);
if (options.part !== undefined) await runPart(options.part);
else await runAll();

async function runAll() {
  const end = performance.now() + Number(options.minutes) * 60_000;
  const plugin = findPlugin(options.plugin === undefined ? {} : { plugin: options.plugin });
  const run = (
    /** @type {string} */ command,
    /** @type {readonly string[]} */ args,
    /** @type {"pipe" | "inherit"} */ out,
  ) =>
    spawnSync(command, args, {
      encoding: "utf8",
      stdio: ["ignore", out, "pipe"],
      timeout: Math.max(1, Math.ceil(end - performance.now())),
      killSignal: "SIGKILL",
    });
  run(process.execPath, [join(root, "tools", "xla", "smoke.mjs"), "--plugin", plugin], "inherit");
  const numbers = ["--size", size, "--pairs", `${pairs}`, "--tokens", `${tokens}`, "--steps", `${steps}`];
  console.log(
    `\n${size} size, ${tokens} tokens a text; training on ${pairs} pairs a step; best of ${steps} turns, texts a second`,
  );
  for (const work of ["train", "encode"])
    for (const kind of kinds) {
      const part = `${work}-${kind}`;
      const own = [join(root, "tools", "xla", "gpu.mjs"), "--plugin", plugin, "--part", part, ...numbers];
      const peer = [join(root, "tools", "xla", "gpu_peer.py"), "--part", part, ...numbers];
      const ours = measured(run(process.execPath, own, "pipe"));
      const theirs = measured(run(options.python, peer, "pipe"));
      console.log(`${part}: Kindred ${describe(ours)}; PyTorch ${describe(theirs)}${ratio(ours, theirs)}`);
    }
}

/**
 * What a part printed in its last line, or why it printed nothing.
 *
 * @param {import("node:child_process").SpawnSyncReturns<string>} ended
 * @returns {Measured | string}
 */
function measured({ error, signal, stdout, stderr }) {
  if (/** @type {NodeJS.ErrnoException | undefined} */ (error)?.code === "ETIMEDOUT")
    return "not measured, the time was over";
  const last = (stdout ?? "").trim().split("\n").at(-1) ?? "";
  if (last.startsWith("{")) return JSON.parse(last);
  const said = (stderr ?? "")
    .split("\n")
    .filter((line) => /Error/.test(line))
    .at(-1);
  return `failed: ${said ?? error?.message ?? signal ?? "without a word"}`;
}

/** @param {Measured | string} result */
function describe(result) {
  if (typeof result === "string") return result;
  return `${result.textsPerSecond.toFixed(1)} (first after ${result.firstSeconds.toFixed(1)} s; ${result.on})`;
}

/** @param {Measured | string} ours @param {Measured | string} theirs */
function ratio(ours, theirs) {
  if (typeof ours === "string" || typeof theirs === "string") return "";
  return `; ${(ours.textsPerSecond / theirs.textsPerSecond).toFixed(2)} ×`;
}

/** @param {string} part */
async function runPart(part) {
  const [work, products] = part.split("-");
  const engine = xla({
    ...(options.plugin === undefined ? {} : { plugin: options.plugin }),
    products: products === "bfloat16" ? "bfloat16" : "float32",
    devices: 1,
    cacheFolder: false,
  });
  const result = work === "train" ? await measureTraining(engine) : await measureEncoding(engine);
  writeSync(1, `${JSON.stringify(result)}\n`);
}

/** @param {ReturnType<typeof xla>} engine */
async function measureTraining(engine) {
  const step = await oneStep(engine, { size, pairs, tokens, cores: 1 });
  const result = await measure(2 * pairs, (turn) => step.run(turn));
  const on = step.runner.engine;
  await step.runner.stop();
  return { ...result, on };
}

/** @param {ReturnType<typeof xla>} engine */
async function measureEncoding(engine) {
  await using encoder = await loadSentenceEncoder(await modelFolder(size), { engine, cores: 0 });
  // Whole words, each one token, and two tokens around them.
  const words = ["the", "old", "house", "red", "cat", "water", "music", "time"];
  const texts = Array.from({ length: 8 * pairs }, (_, row) =>
    Array.from({ length: tokens - 2 }, (_, i) => words[(row + i * (row + 3)) % words.length]).join(" "),
  );
  return { ...(await measure(texts.length, () => encoder.encode(texts))), on: "XLA" };
}

/**
 * @param {number} texts of a turn
 * @param {(turn: number) => Promise<unknown>} turn ends when its result is there
 */
async function measure(texts, turn) {
  const start = performance.now();
  await turn(0);
  const firstSeconds = (performance.now() - start) / 1000;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 1; i <= steps; i++) {
    const begin = performance.now();
    await turn(i);
    best = Math.min(best, (performance.now() - begin) / 1000);
  }
  return { textsPerSecond: texts / best, firstSeconds };
}
