// Compiles the training step of a model of MPNet-base's size ahead of time, for devices that need not be there:
//
//   npx nx run compile-step -- --plugin libtpu.so [--topologies v3:2x2,v5e:2x4,v3:4x2] [--products float32,bfloat16]
//
// The step is the trainer's own (32 pairs of 128 tokens a core, dropout, clipping, AdamW, collectives), recorded from its ops and not run. Fails
// where weights and moments do not keep their memory, what a core needs is more than it has, or its arithmetic is more than 1.05 times what JAX's program
// of the same step has. A compile for TPUs takes minutes.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { aheadOfTime } from "@kindred/backend-xla";
import { openPlugin } from "@kindred/pjrt";
import { underChosenNode } from "../node-runtime.mjs";
import { oneStep } from "./one-step.mjs";

/** Floating-point operations a core of the same step as JAX 0.10.2 lowers it, by libtpu's own count: 32 pairs of 128 tokens, for v3:2x2. */
const jaxFlops = 4.35e12;

await underChosenNode();
const { values: options } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    plugin: { type: "string", default: "" },
    topologies: { type: "string", default: "v3:2x2,v5e:2x4,v3:4x2" },
    products: { type: "string", default: "float32,bfloat16" },
    pairs: { type: "string", default: "32" },
    tokens: { type: "string", default: "128" },
    size: { type: "string", default: "base" },
    dump: { type: "string", default: "" },
  },
});
const [pairs, tokens] = [Number(options.pairs), Number(options.tokens)];
const size = options.size === "tiny" ? "tiny" : "base";
if (options.plugin === "") {
  console.error(
    "compile-step: --plugin is missing. Expected --plugin FILE, libtpu.so of `pip download --no-deps libtpu==0.0.42.1`, unzipped.",
  );
  process.exit(2);
}
// So that libtpu compiles where there is no TPU, asks no server what this machine is, and does not mind another process that has it loaded.
const outsideTpu = {
  ALLOW_MULTIPLE_LIBTPU_LOAD: "1",
  TPU_SKIP_MDS_QUERY: "1",
  TPU_LOG_DIR: "disabled",
  TPU_ACCELERATOR_TYPE: "v3-8",
  TPU_WORKER_HOSTNAMES: "localhost",
};
for (const [name, value] of Object.entries(outsideTpu)) process.env[name] ??= value;

const plugin = await openPlugin(options.plugin);
console.log(`${options.plugin}, PJRT ${plugin.apiVersion.join(".")}; ${pairs} pairs of ${tokens} tokens a core`);
const failed = [];
for (const name of options.topologies.split(",")) {
  const topology = plugin.topology(name);
  const hosts = new Set(topology.devices.map(({ process: host }) => host)).size;
  for (const products of /** @type {("float32" | "bfloat16")[]} */ (options.products.split(","))) {
    const result = await compileStep(topology, products);
    const { memory, cost, seconds, state, text } = result;
    if (options.dump !== "") writeFileSync(`${options.dump}.${name.replace(":", "-")}.${products}.mlir`, text);
    const mebibytes = (/** @type {number} */ bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    const limit = Number(topology.devices[0]?.attributes["device_memory_bytes_limit"] ?? Number.POSITIVE_INFINITY);
    const needed = memory.arguments + memory.outputs - memory.aliased + memory.temporary + memory.code;
    console.log(
      `${name} (${topology.devices.length} cores, ${hosts} ${hosts === 1 ? "host" : "hosts"}), ${products}: compiled in ${seconds.toFixed(0)} s; a core needs ${mebibytes(needed)} of ` +
        `${mebibytes(limit)}: arguments ${mebibytes(memory.arguments)}, of which outputs take over ${mebibytes(memory.aliased)} (weights and moments: ${mebibytes(state)}), ` +
        `temporary ${mebibytes(memory.temporary)}, code ${mebibytes(memory.code)}; ${cost.flops?.toExponential(3)} FLOP a core` +
        `${(cost.seconds ?? 0) <= 0 ? "" : `, ${cost.seconds?.toFixed(3)} s at best`}`,
    );
    if (memory.aliased < state) failed.push(`${name}, ${products}: not all weights and moments keep their memory`);
    if (needed > limit) failed.push(`${name}, ${products}: it needs more memory than there is`);
    if (size === "base" && pairs === 32 && tokens === 128 && !((cost.flops ?? Number.NaN) <= 1.05 * jaxFlops))
      failed.push(`${name}, ${products}: ${cost.flops} FLOP a core, more than 1.05 × ${jaxFlops}`);
  }
  topology.dispose();
}
for (const problem of failed) console.error(`compile-step: ${problem}`);
process.exit(failed.length === 0 ? 0 : 1);

/**
 * One step of the trainer on a topology: what its compiler says of the program that all cores run together.
 *
 * @param {import("@kindred/pjrt").Topology} topology
 * @param {"float32" | "bfloat16"} products
 */
async function compileStep(topology, products) {
  const cores = topology.devices.length;
  /** @type {{ text: string, memory: import("@kindred/pjrt").ProgramMemory, cost: import("@kindred/pjrt").ProgramCost, seconds: number }[]} */
  const programs = [];
  let start = performance.now();
  const engine = aheadOfTime(topology, {
    products,
    onProgram: ({ text, replicas }, { memory, cost }) => {
      if (replicas === cores) programs.push({ text, memory, cost, seconds: (performance.now() - start) / 1000 });
    },
  });
  const step = await oneStep(engine, { size, pairs, tokens, cores });
  start = performance.now();
  await step.run(0);
  await step.runner.stop();
  const [program] = programs;
  if (program === undefined || programs.length > 1)
    throw new Error(`A step is ${programs.length} programs, expected 1.`);
  return { ...program, state: step.stateBytes };
}
