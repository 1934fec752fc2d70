// Which files a reader opens to follow one idea through the house: the workspace's source files in which a function ran.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { root } from "../node-runtime.mjs";

const execute = promisify(execFile);

/** Packages that are one stop each, however many of their files are on the way: what they do is said in a sentence. */
const oneStop = [
  "tokenizer",
  "nn",
  "tensor",
  "transformer",
  "backend-wasm",
  "side-module",
  "random",
  "errors",
  "options",
  "files",
  "command-line",
  "run-report",
];

/**
 * The stops of a text on its way to its vector: `kindred-encode --model FOLDER "a short text"`.
 *
 * @param {string} model a sentence-transformers folder
 */
export async function textStops(model) {
  return withFolder(async (folder) => {
    const entry = join(root, "apps/encode/dist/main.js");
    const bin = join(root, "apps/encode/bin/kindred-encode.mjs");
    await covered(folder, "run", [bin, "--model", model, "a short text"]);
    return stopsOf(folder, entry);
  });
}

/**
 * The stops of a pair on its way to an updated weight: two steps of `kindred-train` from a folder, on two cores, with nothing held out
 * to judge by.
 *
 * @param {string} model a sentence-transformers folder
 */
export async function pairStops(model) {
  return withFolder(async (folder) => {
    const entry = join(root, "apps/train/dist/main.js");
    const bin = join(root, "apps/train/bin/kindred-train.mjs");
    const pairs = Array.from({ length: 24 }, (_, i) => [`a short text, number ${i}`, `what goes with number ${i}`]);
    writeFileSync(join(folder, "pairs.jsonl"), pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""));
    const steps = ["--max-steps", "2", "--batch-size", "4", "--cores", "2", "--hold-out", "0", "--no-tensorboard"];
    await covered(folder, "run", [bin, join(folder, "pairs.jsonl"), join(folder, "out"), "--model", model, ...steps]);
    return stopsOf(folder, entry);
  });
}

/**
 * @template Result
 * @param {(folder: string) => Promise<Result>} work
 */
async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "kindred-walkthrough-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs Node under V8's coverage, which every process and every worker thread of it writes to `folder/name`.
 *
 * @param {string} folder
 * @param {string} name
 * @param {readonly string[]} args
 */
function covered(folder, name, args) {
  return execute(process.execPath, [...args], {
    cwd: folder,
    env: { ...process.env, NODE_V8_COVERAGE: join(folder, name) },
    maxBuffer: 2 ** 26,
  });
}

/**
 * The stops of a run, sorted. What modules call while they are evaluated does not count: a run that only imports `entry` says how
 * often each function is called for that.
 *
 * @param {string} folder where `covered` put its coverage under "run"
 * @param {string} entry
 */
async function stopsOf(folder, entry) {
  await covered(folder, "import", ["--input-type=module", "--eval", `import ${JSON.stringify(pathToFileURL(entry))};`]);
  const evaluated = new Map(callsIn(join(folder, "import")).map(({ file, at, count }) => [`${file}:${at}`, count]));
  const ran = callsIn(join(folder, "run")).filter(
    ({ file, at, count }) => count > (evaluated.get(`${file}:${at}`) ?? 0),
  );
  return [...new Set(ran.map(({ file }) => stopOf(file)))].sort();
}

/** The stop that a file belongs to: itself, or the package that is one stop. @param {string} file */
function stopOf(file) {
  const [, name = ""] = file.split("/");
  return oneStop.includes(name) ? `packages/${name}` : file;
}

/**
 * How often each function of the workspace's files was called, in each process and thread; modules themselves left out.
 *
 * @param {string} coverage
 * @returns {{ file: string, at: number, count: number }[]} file: the source, from the root; at: where the function begins in what
 * was built of it
 */
function callsIn(coverage) {
  return readdirSync(coverage).flatMap((name) => {
    /** @type {{ result: { url: string, functions: { ranges: { startOffset: number, count: number }[] }[] }[] }} */
    const { result } = JSON.parse(readFileSync(join(coverage, name), "utf8"));
    return result.flatMap(({ url, functions }) => {
      const file = sourceOf(url);
      if (file === undefined) return [];
      // The first function of a script is the script.
      return functions.slice(1).flatMap(({ ranges: [whole] }) => {
        return whole === undefined ? [] : [{ file, at: whole.startOffset, count: whole.count }];
      });
    });
  });
}

/** The source, from the root, of a file that was built from one: tsc puts `src/a.ts` into `dist/a.js`. @param {string} url */
function sourceOf(url) {
  if (!url.startsWith("file:")) return undefined;
  const path = fileURLToPath(url).replaceAll("\\", "/");
  const from = root.replaceAll("\\", "/");
  if (!path.startsWith(from)) return undefined;
  const [, project, file] = /^((?:packages|apps)\/[^/]+)\/dist\/(.+)\.js$/.exec(path.slice(from.length)) ?? [];
  return project === undefined ? undefined : `${project}/src/${file}.ts`;
}
