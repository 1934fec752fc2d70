// Measures a server of vectors: `node tools/serve/load.mjs --model FOLDER`, after a build. See --help.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { wasm } from "@kindred/backend-wasm";
import { enableRevectorization } from "@kindred/backend-wasm/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { realTexts } from "../bench/inputs/real-texts.mjs";
import { machineName } from "../bench/machine.mjs";
import { median } from "../bench/median.mjs";
import { underChosenNode } from "../node-runtime.mjs";
import { Client, closedLoop, openLoop, summary } from "./client.mjs";
import { faultsOf, illnessOf, malformedRequests, sendAll } from "./malformed.mjs";
import { startServer } from "./start-server.mjs";

const usage = `node tools/serve/load.mjs --model FOLDER [options]

Without more: the file path's texts a second, the server's peak with all connections busy, and then requests that come at
random at shares of that peak, however long the answers take (an open loop: a closed one hides the queue).

  --texts FILE        one text a line; default: real ones from beside the repository, or WordNet
  --count N           of them; default 4096
  --cores N           of the server and of the file path; default: all
  --connections N     default 64
  --seconds N         at each rate; default 60
  --rates LIST        in percent of the peak; default 50,80,95
  --flags LIST        further flags of the server, separated by commas
  --single            only: one query after another at an idle server, beside the library's encode of it
  --queue             only: three times the peak with room for 8 requests: 429 and nothing else
  --memory MINUTES    only: resident memory under 40 percent of the peak
  --malformed N       only: so many requests that no server should take, and resident memory before and after`;

await underChosenNode();
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    model: { type: "string", default: "" },
    texts: { type: "string" },
    count: { type: "string", default: "4096" },
    cores: { type: "string", default: `${availableParallelism()}` },
    connections: { type: "string", default: "64" },
    seconds: { type: "string", default: "60" },
    rates: { type: "string", default: "50,80,95" },
    flags: { type: "string", default: "" },
    single: { type: "boolean", default: false },
    queue: { type: "boolean", default: false },
    memory: { type: "string" },
    malformed: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help || values.model === "") {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const [count, cores, connections, seconds] = [values.count, values.cores, values.connections, values.seconds].map(
  Number,
);
if (!count || !cores || !connections || !seconds)
  throw new Error("load: --count, --cores, --connections and --seconds are numbers from 1.");
const flags = ["--cores", `${cores}`, ...values.flags.split(",").filter((flag) => flag !== "")];
const texts =
  values.texts === undefined
    ? (await realTexts(count)).texts
    : readFileSync(values.texts, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .slice(0, count);
console.log(
  `${machineName()} · Node ${process.versions.node} · ${values.model} · ${texts.length} texts · ${cores} cores · ${connections} connections`,
);

/** How much larger a server may be after requests that it refused: what a collector has not come to yet. */
const [mostGrowth, mostGrowthMiB] = [1.1, 16];

if (values.single) await single();
else if (values.queue) await queue();
else if (values.memory !== undefined) await memory(60 * Number(values.memory));
else if (values.malformed !== undefined) await malformed(Number(values.malformed));
else await rates();

/** Throughput, and times at rates of arrivals. */
async function rates() {
  const file = await fileRate();
  console.log(`file path: ${file.toFixed(1)} texts/s`);
  await withServer(flags, async (client) => {
    const peak = await peakOf(client);
    console.log(
      `peak, closed loop: ${peak.toFixed(1)} requests/s, ${((100 * peak) / file).toFixed(1)} % of the file path`,
    );
    for (const percent of values.rates.split(",").map(Number)) await atRate(client, percent, peak);
  });
}

/** @param {Client} client @param {number} percent @param {number} peak */
async function atRate(client, percent, peak) {
  const before = process.cpuUsage();
  const { outcomes, seconds: took } = await openLoop(client, texts, {
    rate: (percent / 100) * peak,
    seconds: seconds ?? 60,
  });
  const { user, system } = process.cpuUsage(before);
  const { p50, p99, p999, errors, statuses, count: sent } = summary(outcomes);
  const share = (user + system) / 1e6 / took / availableParallelism();
  console.log(
    `${percent} %: ${sent} requests, ${(sent / took).toFixed(1)}/s, ${errors} errors ${JSON.stringify(statuses)}, ` +
      `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${(p99 / p50).toFixed(1)} × p50), p99.9 ${p999.toFixed(1)} ms; ` +
      `this generator took ${(100 * share).toFixed(1)} % of the machine`,
  );
}

/** Texts a second as a file is encoded. */
async function fileRate() {
  const encoder = await loadSentenceEncoder(values.model, { cores: cores ?? 1, engine: engine() });
  await encoder.encode(texts.slice(0, 64));
  const begin = performance.now();
  for await (const _ of encoder.encodeStream(texts));
  const rate = (1000 * texts.length) / (performance.now() - begin);
  await encoder.close();
  return rate;
}

/** Requests a second with all connections busy, after a warm-up. @param {Client} client */
async function peakOf(client) {
  await closedLoop(client, texts.slice(0, 128), connections ?? 64);
  const begin = performance.now();
  const outcomes = await closedLoop(client, texts, connections ?? 64);
  const { errors, statuses } = summary(outcomes);
  if (errors > 0) throw new Error(`load: errors at the peak. Got ${JSON.stringify(statuses)}.`);
  return (1000 * outcomes.length) / (performance.now() - begin);
}

/** One query after another, by turns at the server and in this process. */
async function single() {
  const encoder = await loadSentenceEncoder(values.model, { cores: 1, engine: engine() });
  await withServer(flags, async (client) => {
    const served = /** @type {number[]} */ ([]);
    const library = /** @type {number[]} */ ([]);
    for (const [i, text] of texts.slice(0, 210).entries()) {
      const { ms } = await client.post(text);
      const begin = performance.now();
      await encoder.encode(text);
      if (i < 10) continue;
      served.push(ms);
      library.push(performance.now() - begin);
    }
    const [ours, theirs] = [median(served).middle, median(library).middle];
    console.log(
      `one query: ${ours.toFixed(2)} ms at the server, ${theirs.toFixed(2)} ms by encode, ratio ${(ours / theirs).toFixed(3)}`,
    );
  });
  await encoder.close();
}

/** More than the queue has room for. */
async function queue() {
  const peak = await withServer(flags, peakOf);
  await withServer([...flags, "--max-concurrent-requests", "8"], async (client) => {
    const { outcomes } = await openLoop(client, texts, { rate: 3 * peak, seconds: seconds ?? 60 });
    const { statuses, p50, p99 } = summary(outcomes);
    const silent = outcomes.filter(({ status, retryAfter }) => status === 429 && !retryAfter).length;
    const others = Object.keys(statuses).filter((status) => status !== "200" && status !== "429");
    console.log(
      `queue of 8 at 300 %: ${JSON.stringify(statuses)}, ${silent} of the 429s without Retry-After, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    );
    if (others.length > 0 || silent > 0) process.exitCode = 1;
  });
}

/** @param {number} span seconds */
async function memory(span) {
  await withServer(flags, async (client, residentMiB) => {
    const peak = await peakOf(client);
    const begin = performance.now();
    /** @type {number[]} */
    const seen = [];
    const timer = setInterval(() => seen.push(residentMiB()), 1000);
    const { outcomes } = await openLoop(client, texts, { rate: 0.4 * peak, seconds: span });
    clearInterval(timer);
    const tenth = Math.ceil(seen.length / 10);
    const tenths = Array.from({ length: 10 }, (_, i) => Math.max(...seen.slice(i * tenth, (i + 1) * tenth)));
    const { errors, statuses } = summary(outcomes);
    console.log(
      `${((performance.now() - begin) / 1000).toFixed(0)} s, ${outcomes.length} requests, ${errors} errors ${JSON.stringify(statuses)}; peak of resident MiB in each tenth: ${tenths.map((mib) => mib.toFixed(0)).join(" ")}`,
    );
  });
}

/** As many malformed requests once more as came before the first look at memory. @param {number} sent */
async function malformed(sent) {
  await withServer(flags, async (client, residentMiB) => {
    const url = client.origin;
    await sendAll(url, malformedRequests(sent, 1));
    const before = residentMiB();
    const outcomes = await sendAll(url, malformedRequests(sent, 2));
    const illness = await illnessOf(url);
    const after = residentMiB();
    for (const [kind, ofKind] of Object.entries(outcomes)) console.log(`${kind}: ${JSON.stringify(ofKind)}`);
    const faults = faultsOf(outcomes);
    const grew = after > Math.max(mostGrowth * before, before + mostGrowthMiB);
    console.log(
      `2 × ${sent} malformed requests: ${faults.length === 0 ? "each answered 4xx or closed" : faults.join("; ")}; the server ${illness ?? "is well"}; ` +
        `resident MiB ${before.toFixed(0)} after the first ${sent}, ${after.toFixed(0)} after the others`,
    );
    if (faults.length > 0 || illness !== undefined || grew) process.exitCode = 1;
  });
}

/**
 * @template Result
 * @param {readonly string[]} given flags
 * @param {(client: Client, residentMiB: () => number) => Promise<Result>} use
 */
async function withServer(given, use) {
  const server = await startServer(values.model, given);
  const client = new Client(`${server.url}/embed`, connections ?? 64);
  try {
    return await use(client, server.residentMiB);
  } finally {
    client.close();
    await server.stop();
  }
}

/** The engine as the command has it. */
function engine() {
  return wasm({ revectorization: enableRevectorization() });
}
