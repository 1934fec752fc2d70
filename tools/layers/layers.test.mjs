// The layer check can fail: for every rule, a workspace in order with one thing changed.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { forbiddenApiFaults } from "./forbidden-api.mjs";
import { importFaults } from "./import-rules.mjs";
import { layers, testingProject } from "./layer-table.mjs";
import { manifestFaults } from "./manifest-rules.mjs";
import { notationFaults } from "./notation-rule.mjs";
import { referenceFaults } from "./reference-rules.mjs";
import { project, workspace, writeProjects } from "./toy-workspace.mjs";
import { readWorkspace, shortName } from "./workspace.mjs";

/** @import { Manifest, Project } from "./workspace.mjs" */

const errors = project("packages/errors", { "src/index.ts": "" });
const tensor = project("packages/tensor", { "src/index.ts": "", "src/node/index.ts": "", "test-support/toy.ts": "" });
const nn = project("packages/nn", {
  "src/index.ts": "",
  "src/gelu.ts": "",
  "src/gelu.test.ts": "",
  "src/node/read.ts": "",
});
const pooling = project("packages/pooling", { "src/index.ts": "", "test-support/toy.ts": "" });
const testing = project("packages/testing", { "src/index.ts": "" });
const backend = project("packages/backend-wasm", { "src/index.ts": "" });

/** @type {string[]} */
const folders = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder that holds these projects. @param {readonly Project[]} projects */
function folderOf(...projects) {
  const folder = mkdtempSync(join(tmpdir(), "kindred-layers-"));
  folders.push(folder);
  writeProjects(folder, projects);
  return folder;
}

/**
 * The messages about a package with one source file more, in a workspace with some others.
 *
 * @param {string} text
 * @param {string} path
 * @param {Project} own
 */
async function importMessages(text, path = "src/linear.ts", own = nn) {
  const others = [errors, tensor, nn, pooling, testing, backend].filter(({ folder }) => folder !== own.folder);
  const home = folderOf({ ...own, files: [...own.files, { path, text }] }, ...others);
  for (const name of ["tfjs-core", "tfjs-backend-wasm"]) {
    const outside = join(home, "node_modules/@tensorflow", name);
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, "package.json"), '{"exports": "./index.js"}');
    writeFileSync(join(outside, "index.js"), "");
  }
  return (await importFaults(home)).map(({ file, message }) => `${file} ${message}`);
}

test("allows imports that point down, a package's own files, and tests of both", async () => {
  const down =
    'import "@kindred/errors"; import "./gelu.ts"; import "@kindred/tensor"; import "@tensorflow/tfjs-core";';
  expect(await importMessages(down)).toEqual([]);
  const inTest = 'import "@kindred/testing"; import "./index.ts"; import "node:fs"; import "@kindred/backend-wasm";';
  expect(await importMessages(inTest, "src/a.test.ts")).toEqual([]);
  const inNode = 'import "node:fs"; import "@kindred/tensor/node"; import "../gelu.ts";';
  expect(await importMessages(inNode, "src/node/a.ts")).toEqual([]);
  const support = 'import "../../tensor/test-support/toy.ts";';
  expect(await importMessages(support, "src/a.test.ts")).toEqual([]);
});

test.each([
  ["an import that points up", 'import "@kindred/pooling";', /imports-point-down \(ops\)/],
  ["a type import that points up", 'import type { A } from "@kindred/pooling";', /imports-point-down/],
  ["a dynamic import that points up", 'await import("@kindred/pooling");', /imports-point-down/],
  ["an export that points up", 'export * from "@kindred/pooling";', /imports-point-down/],
  ["an import type that points up", 'type A = import("@kindred/pooling").A;', /imports-point-down/],
  ["an import of the package itself", 'import "@kindred/nn";', /own-files-by-path/],
  ["an unknown package", 'import "@kindred/nothing";', /resolves/],
  ["a deep import", 'import "@kindred/tensor/src/float.ts";', /resolves/],
  ["another package's files", 'import "../../tensor/src/index.ts";', /imports-by-name/],
  ["another package's support of tests", 'import "../../tensor/test-support/toy.ts";', /no-tests/],
  ["the package's own index", 'import "./index.ts";', /own-files-by-path/],
  ["a test", 'import "./gelu.test.ts";', /no-tests/],
  ["the tests' package", 'import "@kindred/testing";', /no-tests/],
  ["a backend", 'import "@kindred/backend-wasm";', /roots-choose-engines/],
  ["tfjs's backend", 'import "@tensorflow/tfjs-backend-wasm";', /roots-choose-engines/],
  ["a builtin module", 'import { readFileSync } from "node:fs";', /browsers-without-node/],
  ["a builtin module without its prefix", 'import { join } from "path";', /browsers-without-node/],
  ["a package's Node entry", 'import "@kindred/tensor/node";', /browsers-without-node/],
  ["its own Node files", 'import "./node/read.ts";', /browsers-without-node/],
])("refuses %s", async (_, text, message) => {
  const messages = await importMessages(text);
  expect(messages).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  expect(messages[0]).toMatch(/^packages\/nn\/src\/linear\.ts may not import /);
});

test("refuses an import between packages of one layer and the test-support of a higher one, in tests too", async () => {
  const { projects = [] } = layers.find((layer) => layer.projects.includes("pooling")) ?? {};
  const neighbour = project(`packages/${projects.find((name) => name !== "pooling")}`, { "src/index.ts": "" });
  for (const path of ["src/a.ts", "src/a.test.ts"]) {
    const messages = await importMessages('import "@kindred/pooling";', path, neighbour);
    expect(messages).toEqual([expect.stringMatching(/imports-point-down/)]);
  }
  const up = await importMessages('import "../../pooling/test-support/toy.ts";', "src/a.test.ts");
  expect(up).toEqual([expect.stringMatching(/imports-point-down/)]);
});

test("refuses tensors below the engine, and any package in the tests' package", async () => {
  const random = project("packages/random", { "src/index.ts": "" });
  const below = await importMessages('import "@tensorflow/tfjs-core";', "src/a.ts", random);
  expect(below).toEqual([expect.stringMatching(/tensors-from-the-engine-up/)]);
  const inTesting = await importMessages('import "@kindred/errors";', "src/a.ts", testing);
  expect(inTesting).toEqual([expect.stringMatching(/testing-alone/)]);
});

test("refuses a package without a layer", async () => {
  const brandNew = project("packages/brand-new", { "src/index.ts": "" });
  const messages = await importMessages('import "@kindred/errors";', "src/a.ts", brandNew);
  expect(messages).toEqual([expect.stringMatching(/has-a-layer/)]);
});

/**
 * What knip says of packages `nn` and `errors` under this repository's settings.
 *
 * @param {Record<string, string>} files
 * @param {Manifest} manifest
 */
async function manifestMessages(files, manifest) {
  const own = project("packages/nn", files, [], manifest);
  const folder = folderOf(own, project("packages/errors", { "src/index.ts": "export const one = 1;" }));
  copyFileSync(join(root, "knip.jsonc"), join(folder, "knip.jsonc"));
  const found = await manifestFaults(folder);
  return found.filter(({ file }) => file.startsWith("packages/")).map(({ file, message }) => `${file}: ${message}`);
}

const uses = 'import { one } from "@kindred/errors"; export const two = one + 1;';

test("manifests that say what is imported, and exports that are used, break no rule", async () => {
  const files = { "src/index.ts": 'export { two } from "./two.ts";', "src/two.ts": uses };
  expect(await manifestMessages(files, { dependencies: { "@kindred/errors": "0.1.0" } })).toEqual([]);
});

test.each([
  ["an undeclared dependency", {}, "src/index.ts: @kindred/errors is imported, and package.json does not list it"],
  [
    "a dependency that only development has",
    { devDependencies: { "@kindred/errors": "0.1.0" } },
    "src/index.ts: @kindred/errors is imported, and package.json does not list it",
  ],
  [
    "a dependency that nobody imports",
    { dependencies: { "@kindred/errors": "0.1.0", idle: "1.0.0" } },
    "package.json: idle stands under dependencies",
  ],
])("refuses %s", async (_, manifest, message) => {
  const found = await manifestMessages({ "src/index.ts": uses }, { dependencies: {}, ...manifest });
  expect(found).toEqual([expect.stringContaining(`packages/nn/${message}`)]);
});

test("refuses an export that no other file imports, and a file that none does", async () => {
  const files = {
    "src/index.ts": 'export { two } from "./two.ts";',
    "src/two.ts": "export const two = 2; export const three = 3;",
  };
  const found = await manifestMessages({ ...files, "src/four.ts": "export const four = 4;" }, {});
  expect(found).toEqual(
    expect.arrayContaining([
      expect.stringContaining("src/two.ts:"),
      expect.stringMatching(/four\.ts no other file imports/),
    ]),
  );
});

test.each([
  ["is missing", [], /reference to packages\/errors is missing/],
  [
    "is stale",
    ["packages/errors", "packages/tensor"],
    /reference to packages\/tensor, on which package\.json does not/,
  ],
])("refuses a reference that %s", (_, references, message) => {
  const one = { ...project("packages/nn", {}, ["packages/errors"]), references };
  expect(referenceFaults(workspace(one, errors, tensor))).toEqual([
    { file: "packages/nn/tsconfig.json", message: expect.stringMatching(message) },
  ]);
});

test("refuses a project that the root configuration forgets", () => {
  const faults = referenceFaults({ projects: [errors], rootReferences: { "tsconfig.json": [] } });
  expect(faults).toEqual([{ file: "tsconfig.json", message: "reference to packages/errors is missing." }]);
});

/** @param {string} text */
function apiMessages(text, path = "src/a.ts", folder = "packages/nn") {
  return forbiddenApiFaults(workspace(project(folder, { [path]: text }))).map(({ message }) => message);
}

test.each([
  "tf.fused.matMul({ a, b })",
  "tf.train.adam(1e-3)",
  "tf.grads(f)",
  "tf.variableGrads(f)",
  "tf.tile(x, [2])",
  "tf.broadcastTo(x, [2])",
  'tf.einsum("ij->ji", x)',
  "tf.dropout(x, 0.1)",
  "tf.randomNormal([2])",
  "tf.cumsum(x, -1)",
  "tf.variable(x)",
])("refuses %s of tfjs, but not in tests", (use) => {
  const name = /tf\.(\w+)/.exec(use)?.[1] ?? "";
  const text = `import * as tf from "@tensorflow/tfjs-core";\n${use};`;
  expect(apiMessages(text)).toEqual([expect.stringContaining(`tf.${name}`)]);
  expect(apiMessages(text, "src/a.test.ts")).toEqual([]);
  expect(apiMessages(text, "src/a.ts", "packages/testing")).toEqual([]);
});

test("refuses a forbidden part by another name, and takes what only shares the name", () => {
  const named = 'import { tile as repeat, add } from "@tensorflow/tfjs-core";\nrepeat(x, [2]); add(x, y);';
  expect(apiMessages(named)).toEqual([expect.stringContaining("tf.tile")]);
  const own = 'import * as tf from "@tensorflow/tfjs-core";\nplan.train(); const tile = 1; tf.cumsum(x, 1); use(tile);';
  expect(apiMessages(own)).toEqual([]);
});

test("refuses an axis name that the notation does not define", () => {
  const notation = "| name | what |\n| --- | --- |\n| `tokens`, `hidden`   | rows and features |\nsee `batch`";
  const text = '// one\nconst x: Float<"tokens@data hidden 3"> = f(); let ids: Int<"batch">; let s: Float<"">;';
  const faults = notationFaults(workspace(project("packages/nn", { "src/a.ts": text })), notation);
  expect(faults).toEqual([{ file: "packages/nn/src/a.ts", line: 2, message: expect.stringContaining('"batch"') }]);
});

test("every project of this repository has exactly one layer", () => {
  const listed = [...layers.flatMap((layer) => layer.projects), testingProject];
  expect(new Set(listed).size).toBe(listed.length);
  const there = readWorkspace(root).projects.map(shortName);
  expect(there.filter((name) => !listed.includes(name))).toEqual([]);
});

test("docs/architecture.md draws the layers as the check has them", () => {
  const text = readFileSync(join(root, "docs", "architecture.md"), "utf8");
  expect(drawnLayers(text)).toEqual([...layers].reverse());
  expect(drawnLayers(text.replace("| `nn` ", "| `nn` · `pooling` "))).not.toEqual([...layers].reverse());
});

/** The rows of the table under the heading "The layers", highest first. */
function drawnLayers(/** @type {string} */ text) {
  const section = /^## The layers.*?\n(.*?)^## /ms.exec(text)?.[1] ?? "";
  return [...section.matchAll(/^\| ([a-z ]+?) +\| (`.*`) +\|$/gm)].map(([, name = "", cell = ""]) => ({
    name,
    projects: [...cell.matchAll(/`([\w-]+)`/g)].map(([, project]) => project),
  }));
}
