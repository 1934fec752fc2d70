// Workspaces that break no rule, for tests to break one in.

/** @import { Manifest, Project, Workspace } from "./workspace.mjs" */

const entries = { ".": {}, "./node": {} };

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
    rootManifest: { devDependencies: { vitest: "4.1.12" } },
    rootReferences: { "tsconfig.json": folders, "tsconfig.test.json": folders },
    projects,
  };
}
