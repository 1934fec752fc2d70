// npx nx run kill -- [--moments 50] [--signal SIGKILL] [--cores 2] [--seed 1]: ends a small run at random moments, resumes it, and compares what it
// then leaves with an unbroken run's, byte by byte: weights, the optimizer's moments, the names of all files. Every other run is ended a second time
// while it goes on. Exit code 1 where one differs.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keyFromSeed, childKey, uniform } from "@kindred/random";
import { toyPairs, toyVocabulary } from "@kindred/testing";
import { root, underChosenNode } from "../node-runtime.mjs";

await underChosenNode();
const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== "--own-node"),
  options: {
    moments: { type: "string", default: "50" },
    signal: { type: "string", default: "SIGKILL" },
    cores: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const signal = /** @type {NodeJS.Signals} */ (values.signal);
/** What the command exits with after saving; a killed one with nothing. */
const saved = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
const expected = signal in saved ? saved[/** @type {keyof typeof saved} */ (signal)] : null;

const bin = join(root, "apps", "train", "bin", "kindred-train.mjs");
const lastStep = 60;
const options = [
  ...["--vocabulary", "vocab.txt", "--hidden-size", "32", "--num-hidden-layers", "2", "--num-attention-heads", "2"],
  ...["--intermediate-size", "64", "--max-seq-length", "12", "--batch-size", "16", "--learning-rate", "1e-3"],
  ...["--max-steps", `${lastStep}`, "--save-steps", "2", "--eval-steps", "7", "--hold-out", "0.1"],
  ...["--logging-steps", "1", "--cores", values.cores],
];
const folder = mkdtempSync(join(tmpdir(), "kindred-kill-"));
writeFileSync(join(folder, "pairs.jsonl"), toyPairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
writeFileSync(join(folder, "vocab.txt"), toyVocabulary);

/**
 * Runs the command until its end, or ends it `delay` milliseconds after its first checkpoint is there.
 * @param {readonly string[]} given
 * @param {string} output
 * @param {number} [delay]
 * @returns {Promise<{ code: number | null, ended: boolean, ms: number, errors: string }>} `ms` from the first checkpoint on
 */
function run(given, output, delay) {
  const child = spawn(process.execPath, [bin, "--own-node", ...given, "--quiet"], { cwd: folder, stdio: "pipe" });
  let [errors, from, ended] = ["", 0, false];
  child.stderr.on("data", (text) => (errors += text));
  const timer = setInterval(() => {
    const now = performance.now();
    if (from === 0 && existsSync(join(folder, output)))
      if (readdirSync(join(folder, output)).some((name) => name.startsWith("checkpoint-"))) from = now;
    if (delay === undefined || ended || from === 0 || now - from < delay) return;
    ended = true;
    child.kill(signal);
  }, 1);
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearInterval(timer);
      resolve({ code, ended: ended && code !== 0, ms: performance.now() - from, errors });
    }),
  );
}

/** @param {string} output */
const contents = (output) => ({
  files: readdirSync(join(folder, output)).sort(),
  bytes: [join("model", "model.safetensors"), join(`checkpoint-${lastStep}`, "optimizer.safetensors")].map((name) =>
    readFileSync(join(folder, output, name), "base64"),
  ),
});

/** A number from 0 to 1. @param {number} attempt @param {string} use */
const drawn = (attempt, use) => uniform(childKey(keyFromSeed(Number(values.seed)), use, attempt), 1)[0] ?? 0;

const whole = await run(["pairs.jsonl", "unbroken", ...options], "unbroken");
if (whole.code !== 0) throw new Error(`the unbroken run failed: ${whole.errors}`);
const unbroken = contents("unbroken");
let [moments, ends, wrong] = [0, 0, 0];
for (let attempt = 0; moments < Number(values.moments); attempt++) {
  const output = `run-${attempt}`;
  const first = await run(["pairs.jsonl", output, ...options], output, drawn(attempt, "first") * whole.ms);
  if (!first.ended && first.code !== 0) throw new Error(`a run failed by itself: ${first.errors}`);
  if (!first.ended) continue; // it was quicker
  moments++;
  const told = [`${moments}: ended after step ${lastStepTold(output)}`];
  const codes = [first.code];
  const second =
    attempt % 2 === 0 ? undefined : await run(["--resume", output], output, drawn(attempt, "second") * whole.ms);
  if (second?.ended) {
    codes.push(second.code);
    told.push(`again after step ${lastStepTold(output)}`);
  }
  ends += codes.length;
  const isOver = second !== undefined && !second.ended; // well or not: nothing ended it
  const last = isOver ? second : await run(["--resume", output], output);
  const found = last.code === 0 ? contents(output) : undefined;
  const isSame = JSON.stringify(found) === JSON.stringify(unbroken) && codes.every((code) => code === expected);
  if (!isSame) wrong++;
  console.log(
    `${told.join(", ")}: ${isSame ? "equal" : `DIFFERS; exit codes ${codes}, then ${last.code} ${last.errors}`}`,
  );
  if (isSame) rmSync(join(folder, output), { recursive: true });
}
console.log(
  `${moments} runs ended ${ends} times by ${signal}: ${moments - wrong} bit-equal to the unbroken one after --resume.`,
);
if (wrong > 0) console.log(`Those that differ lie in ${folder}.`);
else rmSync(folder, { recursive: true });
process.exitCode = wrong > 0 ? 1 : 0;

/** @param {string} output */
function lastStepTold(output) {
  const steps = [...readFileSync(join(folder, output, "events.jsonl"), "utf8").matchAll(/"type":"step","step":(\d+)/g)];
  return steps.at(-1)?.[1] ?? "0";
}
