// The layer check can fail: for every rule, a workspace in order with one thing changed.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";
import { forbiddenApiFaults } from "./forbidden-api.mjs";
import { importFaults } from "./import-rules.mjs";
import { layers, testingProject } from "./layer-table.mjs";
import { manifestFaults } from "./manifest-rules.mjs";
import { sourceImports } from "./source-imports.mjs";
import { notationFaults } from "./notation-rule.mjs";
import { project, workspace } from "./toy-workspace.mjs";
import { readWorkspace, shortName } from "./workspace.mjs";

const errors = project("packages/errors", { "src/index.ts": "" });
const tensor = project("packages/tensor", { "src/index.ts": "" });
const nn = project("packages/nn", { "src/index.ts": "" });
const pooling = project("packages/pooling", { "src/index.ts": "" });
const testing = project("packages/testing", { "src/index.ts": "" });
const backend = project("packages/backend-wasm", { "src/index.ts": "" });

/**
 * The messages about a package `nn` with one source file, in a workspace with some others.
 *
 * @param {string} text
 * @param {string} path
 * @param {string} folder
 */
function importMessages(text, path = "src/linear.ts", folder = "packages/nn") {
  const others = [errors, tensor, nn, pooling, testing, backend].filter((other) => other.folder !== folder);
  return importFaults(workspace(project(folder, { [path]: text }), ...others)).map(({ message }) => message);
}

test("finds every way to name a module", () => {
  const text = [
    'import a from "a";',
    'import type { B } from "b";',
    'export { c } from "c";',
    'export * from "d";',
    'const e = await import("e");',
    'type F = import("f").F;',
    'import "g";',
    'const h = require("h");',
    "const i = await import(`i`);",
    '// import j from "j";',
  ].join("\n");
  expect(sourceImports(text, "x.ts").map(({ specifier, line }) => `${specifier}${line}`)).toEqual([
    "a1",
    "b2",
    "c3",
    "d4",
    "e5",
    "f6",
    "g7",
    "h8",
    "i9",
  ]);
});

test("allows imports that point down, a package's own files, and tests of both", () => {
  expect(
    importMessages('import { ShapeError } from "@kindred/errors"; import "./gelu.ts"; import "@kindred/tensor";'),
  ).toEqual([]);
  expect(importMessages('import "@kindred/testing"; import "./index.ts"; import "node:fs";', "src/a.test.ts")).toEqual(
    [],
  );
  expect(
    importMessages('import "node:fs"; import "@kindred/tensor/node"; import "../gelu.ts";', "src/node/a.ts"),
  ).toEqual([]);
});

test.each([
  ["an import that points up", 'import "@kindred/pooling";', /nn \(ops\) may not import pooling/],
  ["a type import that points up", 'import type { A } from "@kindred/pooling";', /may not import pooling/],
  ["a dynamic import that points up", 'await import("@kindred/pooling");', /may not import pooling/],
  ["an export that points up", 'export * from "@kindred/pooling";', /may not import pooling/],
  ["an import type that points up", 'type A = import("@kindred/pooling").A;', /may not import pooling/],
  ["an import of the package itself", 'import "@kindred/nn";', /is the package itself/],
  ["an unknown package", 'import "@kindred/nothing";', /is no package of this workspace/],
  ["a deep import", 'import "@kindred/tensor/src/float.ts";', /is no entry point of @kindred\/tensor/],
  ["another package's files", 'import "../../tensor/src/float.ts";', /lies outside the package/],
  ["the package's own index", 'import "./index.ts";', /own index/],
  ["a file without its ending", 'import "./gelu";', /ending in \.ts/],
  ["a test", 'import "./gelu.test.ts";', /is a test/],
  ["the tests' package", 'import "@kindred/testing";', /is for tests only/],
  ["a backend", 'import "@kindred/backend-wasm";', /is a backend\. Only composition roots/],
  ["tfjs's backend", 'import "@tensorflow/tfjs-backend-wasm";', /is a backend\. Only tensor/],
  ["a builtin module", 'import { readFileSync } from "node:fs";', /must run in browsers/],
  ["a builtin module without its prefix", 'import { join } from "path";', /must run in browsers/],
  ["a package's Node entry", 'import "@kindred/tensor/node";', /must run in browsers/],
  ["its own Node files", 'import "./node/read-folder.ts";', /must run in browsers/],
  ["Node's process", "if (process.platform) {}", /process is Node's/],
  ["Node's Buffer", "const b = Buffer.from([]);", /Buffer is Node's/],
])("refuses %s", (_, text, message) => {
  expect(importMessages(text)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
});

test("lets tests use the test-support of a lower package only, and sources of none", () => {
  const text = 'import "../../tensor/test-support/toy.ts";';
  expect(importMessages(text, "src/a.test.ts")).toEqual([]);
  expect(importMessages(text)).toEqual([expect.stringMatching(/lies outside the package/)]);
  const up = 'import "../../pooling/test-support/toy.ts";';
  expect(importMessages(up, "src/a.test.ts")).toEqual([expect.stringMatching(/may not import pooling/)]);
  expect(importMessages('import "../test-support/toy.ts";', "src/a.ts")).toEqual([expect.stringMatching(/is a test/)]);
});

test("refuses an import between packages of one layer, in tests too", () => {
  for (const path of ["src/a.ts", "src/a.test.ts"]) {
    const messages = importMessages('import "@kindred/pooling";', path, "packages/encoder");
    expect(messages).toEqual([expect.stringMatching(/don't import each other/)]);
  }
});

test("refuses tensors below the engine, and any package in the tests' package", () => {
  expect(importMessages('import "@tensorflow/tfjs-core";', "src/a.ts", "packages/random")).toEqual([
    expect.stringMatching(/below the engine/),
  ]);
  expect(importMessages('import "@kindred/errors";', "src/a.ts", "packages/testing")).toEqual([
    expect.stringMatching(/imports no package/),
  ]);
});

test("refuses a package without a layer", () => {
  expect(importMessages('import "@kindred/errors";', "src/a.ts", "packages/brand-new")).toEqual([
    expect.stringMatching(/brand-new has no layer yet/),
  ]);
});

test("allows asking whether there is a process, and properties of that name", () => {
  expect(
    importMessages("typeof process; globalThis.process; ({ process: 1 }).process; type A = { process: number };"),
  ).toEqual([]);
});

test("manifests and references that say what is imported break no rule", () => {
  const files = {
    "src/index.ts": 'import "@kindred/errors";',
    "src/a.test.ts": 'import "vitest"; import "@kindred/testing";',
  };
  const manifest = { dependencies: { "@kindred/errors": "0.1.0" }, devDependencies: { "@kindred/testing": "0.1.0" } };
  expect(
    manifestFaults(workspace(project("packages/nn", files, ["packages/errors"], manifest), errors, testing)),
  ).toEqual([]);
});

test.each([
  ["an undeclared dependency", { dependencies: {} }, ["packages/errors"], /dependencies lack @kindred\/errors/],
  [
    "a dependency that nobody imports",
    { dependencies: { "@kindred/errors": "", idle: "" } },
    ["packages/errors"],
    /hold idle/,
  ],
  [
    "a development dependency that no test imports",
    { devDependencies: { idle: "" } },
    ["packages/errors"],
    /hold idle/,
  ],
  ["a missing reference", {}, [], /reference to packages\/errors is missing/],
  ["a stale reference", {}, ["packages/errors", "packages/tensor"], /reference to packages\/tensor, which no source/],
])("refuses %s", (_, manifest, references, message) => {
  const declared = { dependencies: { "@kindred/errors": "0.1.0" }, ...manifest };
  const one = { ...project("packages/nn", { "src/a.ts": 'import "@kindred/errors";' }, [], declared), references };
  expect(manifestFaults(workspace(one, errors, tensor)).map((fault) => fault.message)).toEqual([
    expect.stringMatching(message),
  ]);
});

test("refuses a test's undeclared dependency, and a project that the root configuration forgets", () => {
  const one = project("packages/nn", { "src/a.test.ts": 'import "fast-check";' });
  const { projects, rootManifest } = workspace(one);
  const faults = manifestFaults({ projects, rootManifest, rootReferences: { "tsconfig.json": [] } });
  expect(faults.map(({ file, message }) => `${file}: ${message}`)).toEqual([
    "packages/nn/package.json: devDependencies lack fast-check, which the tests import.",
    "tsconfig.json: reference to packages/nn is missing.",
  ]);
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
