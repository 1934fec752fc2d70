// The workspace as plain data, which the rules judge: they read no files, so that tests can hand them small ones.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, posix, relative, sep } from "node:path";

/**
 * @typedef {{
 *   readonly name?: string,
 *   readonly private?: boolean,
 *   readonly exports?: Record<string, unknown>,
 *   readonly dependencies?: Record<string, string>,
 *   readonly devDependencies?: Record<string, string>,
 * }} Manifest
 * @typedef {{ readonly path: string, readonly text: string }} SourceFile path from the project's folder, with slashes.
 * @typedef {{
 *   readonly folder: string,
 *   readonly manifest: Manifest,
 *   readonly references: readonly string[],
 *   readonly files: readonly SourceFile[],
 * }} Project folder from the root, as in packages/nn; references are folders in the same form.
 * @typedef {{
 *   readonly rootReferences: Readonly<Record<string, readonly string[]>>,
 *   readonly projects: readonly Project[],
 * }} Workspace rootReferences: by file name, the folders that a root tsconfig refers to.
 * @typedef {{ readonly file: string, readonly line?: number, readonly message: string }} Fault file from the root.
 */

/**
 * Reads the packages and apps under a root folder.
 *
 * @param {string} root
 * @returns {Workspace}
 */
export function readWorkspace(root) {
  const folders = ["packages", "apps"].flatMap((parent) =>
    readdirSync(join(root, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(root, parent, entry.name, "package.json")))
      .map((entry) => `${parent}/${entry.name}`),
  );
  return {
    rootReferences: {
      "tsconfig.json": readReferences(root, ".", "tsconfig.json"),
      "tsconfig.test.json": readReferences(root, ".", "tsconfig.test.json"),
    },
    projects: folders.map((folder) => ({
      folder,
      manifest: readJson(join(root, folder, "package.json")),
      references: readReferences(root, folder, "tsconfig.json"),
      files: ["src", "bin", "test-support"].flatMap((part) => readSources(join(root, folder), part)),
    })),
  };
}

/** A project's short name: `packages/nn` is `nn`. */
export function shortName(/** @type {Project} */ project) {
  return basename(project.folder);
}

/** Whether a file is a test, or lies in the folder of what only tests use. */
export function isTest(/** @type {string} */ path) {
  return path.endsWith(".test.ts") || path.startsWith("test-support/");
}

/**
 * @param {string} folder
 * @param {string} part
 * @returns {SourceFile[]}
 */
function readSources(folder, part) {
  if (!existsSync(join(folder, part))) return [];
  return readdirSync(join(folder, part), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(ts|mts|mjs|js)$/.test(name))
    .sort()
    .map((name) => ({
      path: `${part}/${name.split(sep).join("/")}`,
      text: readFileSync(join(folder, part, name), "utf8"),
    }));
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string} name
 * @returns {string[]}
 */
function readReferences(root, folder, name) {
  const { references = [] } = readJson(join(root, folder, name));
  return references.map((/** @type {{ path: string }} */ { path }) =>
    relative(root, join(root, folder, path))
      .split(sep)
      .join(posix.sep),
  );
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}
