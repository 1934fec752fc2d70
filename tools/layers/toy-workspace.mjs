// Workspaces that break no rule, for tests to break one in.
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** @import { Manifest, Project, Workspace } from "./workspace.mjs" */

const entries = { ".": "./src/index.ts", "./node": "./src/node/index.ts" };

/**
 * A project that breaks no rule: its manifest and references follow from `uses`.
 *
 * @param {string} folder
 * @param {Record<string, string>} files
 * @param {readonly string[]} uses folders of the projects that the sources import
 * @param {Manifest} manifest
 * @returns {Project}
 */
export function project(folder, files, uses = [], manifest = {}) {
  const dependencies = Object.fromEntries(uses.map((use) => [`@kindred/${use.split("/")[1]}`, "0.1.0"]));
  return {
    folder,
    manifest: { name: `@kindred/${folder.split("/")[1]}`, exports: entries, dependencies, ...manifest },
    references: uses,
    files: Object.entries(files).map(([path, text]) => ({ path, text })),
  };
}

/**
 * A workspace of some projects that breaks no rule of its own.
 *
 * @param {readonly Project[]} projects
 * @returns {Workspace}
 */
export function workspace(...projects) {
  const folders = projects.map(({ folder }) => folder);
  return {
    rootReferences: { "tsconfig.json": folders, "tsconfig.test.json": folders },
    projects,
  };
}

/**
 * Writes a workspace to disk, for tools that read files: each project with its manifest and sources, found by its name.
 *
 * @param {string} root an empty folder
 * @param {readonly Project[]} projects
 */
export function writeProjects(root, projects) {
  const write = (/** @type {string} */ path, /** @type {string} */ text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write("package.json", JSON.stringify({ name: "toy", private: true, workspaces: ["packages/*", "apps/*"] }));
  mkdirSync(join(root, "apps"), { recursive: true });
  mkdirSync(join(root, "node_modules/@kindred"), { recursive: true });
  for (const { folder, manifest, files } of projects) {
    write(`${folder}/package.json`, JSON.stringify({ type: "module", version: "0.1.0", ...manifest }));
    for (const { path, text } of files) write(`${folder}/${path}`, text);
    symlinkSync(join(root, folder), join(root, "node_modules/@kindred", basename(folder)), "junction");
  }
}
