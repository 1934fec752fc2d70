// What users get from npm works: every public package packs cleanly with types that resolve, and a stack of packed packages,
// installed into an empty folder, runs its README examples on Node 24 and on Node 20. Ours: publint and attw look at one package
// each; that a stack of them works together shows only where it is installed.
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { extractExamples } from "../examples/extract.mjs";
import { runExample } from "../examples/run-example.mjs";
import { npmNode, root } from "../node-runtime.mjs";

const execute = promisify(execFile);
const timeout = 240_000;
const projects = publicProjects();
/** A development dependency, for the platform that most checks run on. */
const node20 = join(root, "node_modules", "node20-linux-x64", "bin", "node");

/** The stack that is installed as a user would, and read about in its READMEs. */
const stack = ["@kindred/tokenizer", "@kindred/pooling", "@kindred/sentence-encoder"];

/** @type {string} */
let folder;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kindred-publish-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(projects)("$manifest.name", ({ path, manifest }) => {
  test("packs with entry points that exist, types first, and a licence", async () => {
    const { tarball, files } = await pack(path);
    const packed = { tarball: Uint8Array.from(readFileSync(tarball)).buffer };
    const { messages, pkg } = await publint({ level: "suggestion", strict: true, pack: packed });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
    expect(files.filter((/** @type {string} */ name) => /\.test\.|\.tsbuildinfo$/.test(name))).toEqual([]);
    for (const entry of Object.values(manifest.exports ?? {})) {
      if (typeof entry === "object") expect(Object.keys(entry)[0]).toBe("types");
    }
  }, 60_000);

  test("has types that resolve for ESM users", async () => {
    const { tarball } = await pack(path);
    await execute(process.execPath, [
      join(root, "node_modules/@arethetypeswrong/cli/dist/index.js"),
      ...["--profile", "esm-only", "--no-emoji", "--no-color", tarball],
    ]).catch((error) => expect.fail(error.stdout || error.message));
  }, 60_000);
});

describe("installed into an empty folder", () => {
  const nodes = [
    { name: "Node 24", node: npmNode() },
    { name: "Node 20", node: existsSync(node20) ? node20 : undefined },
  ];
  const examples = stack.flatMap((name) => {
    const readme = join("packages", name.split("/")[1] ?? "", "README.md");
    return extractExamples(readme, readFileSync(join(root, readme), "utf8")).filter(({ ignored }) => !ignored);
  });
  /** Where the stack lies installed; undefined when npm could not reach what the stack needs. @type {string | undefined} */
  let home;
  beforeAll(async () => {
    home = await installStack(join(folder, "home"));
  }, timeout);

  test("every package of the stack shows a runnable example", () => {
    for (const name of stack) {
      expect(examples.filter(({ file }) => file.includes(`/${name.split("/")[1]}/`))).not.toEqual([]);
    }
  });

  const runs = nodes.flatMap(({ name, node }) =>
    examples.map((example) => ({ name, node, example, place: `${example.file}:${example.line}` })),
  );
  test.for(runs)("$place runs on $name", { timeout }, async ({ node, example }, context) => {
    if (home === undefined || node === undefined) return context.skip();
    expect(await runExample(example, { folder: home, node })).toEqual([]);
  });
});

/**
 * Installs the packed stack and what it needs of this workspace. Everything else comes from npm's cache or the registry.
 *
 * @param {string} home
 * @returns {Promise<string | undefined>}
 */
async function installStack(home) {
  await mkdir(home);
  const tarballs = await Promise.all(
    closure(stack).map(async (project) => [project.manifest.name, `file:${(await pack(project.path)).tarball}`]),
  );
  const manifest = { name: "home", private: true, type: "module", dependencies: Object.fromEntries(tarballs) };
  await writeFile(join(home, "package.json"), JSON.stringify(manifest));
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"];
  try {
    await npm(["install", ...flags], home);
    return home;
  } catch (error) {
    const output = String(/** @type {{ stderr?: string }} */ (error).stderr);
    if (/ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ENOTCACHED/.test(output)) return undefined;
    throw error;
  }
}

/** @typedef {{ path: string, manifest: { name: string, private?: boolean, exports?: object, dependencies?: object } }} PublicProject */

/** @returns {PublicProject[]} */
function publicProjects() {
  return ["packages", "apps"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
    .filter((path) => existsSync(join(path, "package.json")))
    .map((path) => ({ path, manifest: JSON.parse(readFileSync(join(path, "package.json"), "utf8")) }))
    .filter(({ manifest }) => manifest.private !== true);
}

/**
 * Some packages and all that they need of this workspace.
 *
 * @param {readonly string[]} names
 */
function closure(names) {
  const wanted = new Set(names);
  for (const name of wanted) {
    const project = projects.find(({ manifest }) => manifest.name === name);
    for (const dependency of Object.keys(project?.manifest.dependencies ?? {})) {
      if (dependency.startsWith("@kindred/")) wanted.add(dependency);
    }
  }
  return projects.filter(({ manifest }) => wanted.has(manifest.name));
}

/** @type {Map<string, Promise<{ tarball: string, files: string[] }>>} */
const packs = new Map();

/** The tarball of a project and the files in it, packed once. @param {string} path */
function pack(path) {
  const packed =
    packs.get(path) ??
    npm(["pack", "--json", "--pack-destination", folder], path).then(({ stdout }) => {
      const [{ filename, files }] = JSON.parse(stdout);
      return { tarball: join(folder, filename), files: files.map((/** @type {{ path: string }} */ file) => file.path) };
    });
  packs.set(path, packed);
  return packed;
}

/**
 * @param {readonly string[]} args
 * @param {string} cwd
 */
function npm(args, cwd) {
  return execute("npm", [...args], { cwd, shell: process.platform === "win32", maxBuffer: 2 ** 26 });
}
