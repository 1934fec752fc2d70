// Runs one compiled example in a process of its own, as a reader would: nothing that another example set up is there.
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { childEnvironment, root } from "../node-runtime.mjs";
import { compileExample } from "./compile.mjs";

/** @import { Example } from "./extract.mjs" */

const runtime = new URL("./runtime.mjs", import.meta.url).href;

/**
 * Runs an example and returns what is wrong with it, one text a fault; none if all its values are as shown.
 *
 * @param {Example} example
 * @param {{ folder?: string, timeoutMs?: number, node?: string }} options folder: where its imports are looked up.
 * @returns {Promise<string[]>}
 */
export async function runExample(example, { folder = root, timeoutMs = 120_000, node = process.execPath } = {}) {
  let compiled;
  try {
    compiled = compileExample(example);
  } catch (error) {
    return [`${example.file}:${example.line}: ${error instanceof Error ? error.message : error}`];
  }
  const prelude = `import { install } from ${JSON.stringify(runtime)}; install();`;
  const program = join(folder, ".results", "examples", `${example.file.replaceAll("/", "-")}-${example.line}.mjs`);
  await mkdir(dirname(program), { recursive: true });
  await writeFile(program, `${prelude}\n${compiled.code}`);
  const { reports, output, status, timedOut } = await runProgram(node, program, { folder, timeoutMs });
  await rm(program);
  const faults = reports.flatMap((report) => describe(example, report));
  const reached = new Set(reports.map((report) => report.line));
  if (timedOut) faults.push(`${example.file}:${example.line}: still running after ${timeoutMs} ms.`);
  else if (status !== 0 && faults.length === 0) {
    faults.push(`${example.file}:${example.line}: ended with exit code ${status}.\n${output}`);
  }
  if (faults.length === 0) {
    for (const line of compiled.checks.filter((check) => !reached.has(check))) {
      faults.push(`${example.file}:${line}: this value was never reached.`);
    }
  }
  return faults;
}

/**
 * @typedef {{ line: number, text?: string, got?: string, expected?: string, thrown?: string }} Report
 * @param {Example} example
 * @param {Report} report
 */
function describe({ file, line: first }, { line, text, got, expected, thrown }) {
  if (thrown !== undefined) return [`${file}:${line === 0 ? first : line}: threw ${thrown}`];
  if (text === undefined) return [];
  return [`${file}:${line}: ${text}\n  got      ${got}\n  expected ${expected}`];
}

/**
 * @param {string} node
 * @param {string} program
 * @param {{ folder: string, timeoutMs: number }} options
 * @returns {Promise<{ reports: Report[], output: string, status: number | null, timedOut: boolean }>}
 */
function runProgram(node, program, { folder, timeoutMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, [program], {
      cwd: folder,
      env: childEnvironment(),
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    const texts = ["", "", "", ""];
    for (const [index, stream] of child.stdio.entries()) {
      stream?.on("data", (chunk) => {
        texts[index] += chunk;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      const [, stdout = "", stderr = "", reports = ""] = texts;
      const lines = reports.split("\n").filter((line) => line !== "");
      resolve({ reports: lines.map((line) => JSON.parse(line)), output: stdout + stderr, status, timedOut });
    });
  });
}
