// npx nx run encode-million -- [--rows 1000000] [--kills 3] [--shards 4] [--form npy] [--cores 2] [--keep]: encodes short lines with a small random
// model, once in one go, once killed (kill -9) and gone on with, once in shards that are merged, and compares the three files, byte by byte. Prints the
// peak of resident memory when a tenth of the rows were written, and at the end; Linux only for that. Exit code 1 where files differ or memory has grown
// by more than a tenth.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { initialParameters } from "@kindred/encoder";
import { newSettings } from "@kindred/model-folder";
import { saveModelFolder } from "@kindred/model-folder/node";
import { mpnet } from "@kindred/mpnet";
import { childKey, keyFromSeed, uniform } from "@kindred/random";
import { savedModel } from "@kindred/sentence-encoder";
import { fromFloat32 } from "@kindred/tensor-files";
import { tokenizerFromVocab } from "@kindred/tokenizer";
import { root, underChosenNode } from "../node-runtime.mjs";

await underChosenNode();
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    rows: { type: "string", default: "1000000" },
    kills: { type: "string", default: "3" },
    shards: { type: "string", default: "4" },
    form: { type: "string", default: "npy" },
    cores: { type: "string", default: "2" },
    keep: { type: "boolean", default: false },
  },
});
const rows = Number(values.rows);
const kills = Number(values.kills);
const shards = Number(values.shards);
const bin = join(root, "apps", "encode", "bin", "kindred-encode.mjs");
const folder = mkdtempSync(join(tmpdir(), "kindred-million-"));
const words = Array.from(
  { length: 500 },
  (_, i) => `word${String.fromCharCode(97 + (i % 26), 97 + Math.floor(i / 26))}`,
);

await makeModel(join(folder, "model"));
await makeLines(join(folder, "lines.txt"));
const given = ["--model", "model", "--input", "lines.txt", "--cores", values.cores, "--quiet", "--own-node"];

const whole = `whole.${values.form}`;
const unbroken = await run([...given, "--output", whole], { watched: whole });
report("unbroken", unbroken);

const broken = `broken.${values.form}`;
let killed = 0;
while (killed < kills) {
  const drawn = uniform(childKey(keyFromSeed(1), "kill", killed), 1)[0] ?? 0;
  const killAt = (statSync(join(folder, whole)).size * (killed + drawn)) / kills;
  const { code } = await run([...given, "--output", broken], { watched: broken, killAt });
  if (code === 0) break;
  killed++;
}
report(`the rest, after ${killed} kills`, await run([...given, "--output", broken], { watched: broken }));

const merged = `merged.${values.form}`;
for (let shard = 0; shard < shards; shard++) {
  const part = `merged-${String(shard).padStart(5, "0")}-of-${String(shards).padStart(5, "0")}.${values.form}`;
  report(
    `shard ${shard}`,
    await run([...given, "--output", merged, "--shard", `${shard}/${shards}`], { watched: part }),
  );
}
report("merge", await run(["merge", merged, "--quiet", "--own-node"], {}));

const digests = await Promise.all([whole, broken, merged].map(digestOf));
const isSame = new Set(digests).size === 1 && killed === kills;
const growth = unbroken.peakAtEnd / unbroken.peakAtTenth - 1;
console.log(
  `${rows} rows, ${statSync(join(folder, whole)).size} bytes: ${new Set(digests).size === 1 ? "the same" : "NOT the same"} unbroken, after ${killed} kills, and of ${shards} merged shards`,
);
console.log(
  `peak of resident memory: ${mb(unbroken.peakAtTenth)} at a tenth, ${mb(unbroken.peakAtEnd)} at the end (${(100 * growth).toFixed(1)} % more)`,
);
if (values.keep) console.log(folder);
else rmSync(folder, { recursive: true });
if (!isSame || growth > 0.1) process.exitCode = 1;

/** @param {string} path */
async function makeModel(path) {
  const tokenizer = tokenizerFromVocab(
    ["<s>", "<pad>", "</s>", "<unk>", ...words, "[UNK]", "<mask>"].map((token) => `${token}\n`).join(""),
  );
  const sizes = {
    vocab_size: tokenizer.vocabularySize,
    hidden_size: 32,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 64,
  };
  const encoder = mpnet.open({ ...sizes, max_position_embeddings: 34, layer_norm_eps: 1e-5 }, { file: "config.json" });
  const modules = /** @type {const} */ ([{ kind: "Pooling", dimension: 32, modes: ["mean"] }, { kind: "Normalize" }]);
  const weights = Object.entries(initialParameters(encoder.specs, keyFromSeed("million"))).map(
    ([name, { shape, values: numbers }]) => /** @type {const} */ ([name, fromFloat32(numbers, shape)]),
  );
  await saveModelFolder(
    path,
    savedModel({ encoder, modules, tokenizer, settings: { ...newSettings(), maxSeqLength: 16 } }, weights),
  );
}

/** Lines of 1 to 6 words, of which one in ten or so comes again. @param {string} path */
async function makeLines(path) {
  const file = createWriteStream(path);
  for (let start = 0; start < rows; start += 1000) {
    const numbers = uniform(childKey(keyFromSeed(2), "line", start), 7000);
    const lines = Array.from({ length: Math.min(1000, rows - start) }, (_, i) => {
      const drawn = numbers.subarray(7 * i, 7 * i + 7);
      const count = 1 + Math.floor(6 * (drawn[6] ?? 0));
      return `${Array.from(drawn.subarray(0, count), (number) => words[Math.floor(number * words.length)]).join(" ")}\n`;
    });
    if (!file.write(lines.join(""))) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
}

/**
 * Runs the command to its end, or kills it when the file `watched` has `killAt` bytes; looks at its memory while it writes that.
 *
 * @param {readonly string[]} args
 * @param {{ killAt?: number, watched?: string }} how
 * @returns {Promise<{ code: number | null, seconds: number, peakAtTenth: number, peakAtEnd: number }>} peaks in bytes
 */
async function run(args, { killAt, watched }) {
  const started = performance.now();
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  let [peakAtTenth, peakAtEnd] = [0, 0];
  const part = join(folder, `${watched}.part`, "rows");
  const wholeBytes = () => {
    return existsSync(part) ? statSync(part).size : 0;
  };
  const timer = setInterval(() => {
    const peak = peakOf(child.pid);
    if (peak > 0) peakAtEnd = peak;
    if (peakAtTenth === 0 && watched !== undefined && wholeBytes() >= (rows * 32 * 4) / 10) peakAtTenth = peak;
    if (killAt !== undefined && wholeBytes() > killAt) child.kill("SIGKILL");
  }, 20);
  const [code] = await once(child, "close");
  clearInterval(timer);
  if (code !== 0 && killAt === undefined) throw new Error(`kindred-encode ${args.join(" ")}: exit code ${code}`);
  return { code, seconds: (performance.now() - started) / 1000, peakAtTenth, peakAtEnd };
}

/** The most memory that a process has had resident, in bytes; 0 where the system does not tell. @param {number | undefined} pid */
function peakOf(pid) {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** @param {string} name */
async function digestOf(name) {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk);
  return hash.digest("hex");
}

/** @param {string} name @param {{ seconds: number, peakAtEnd: number }} run */
function report(name, { seconds, peakAtEnd }) {
  console.log(`${name}: ${seconds.toFixed(1)} s${peakAtEnd === 0 ? "" : `, peak ${mb(peakAtEnd)}`}`);
}

/** @param {number} bytes */
function mb(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
