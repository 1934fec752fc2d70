// A package.json and a tsconfig.json say what the sources import: all of it, and nothing else.
import { builtinModules } from "node:module";
import { sourceImports } from "./source-imports.mjs";
import { isTest } from "./workspace.mjs";

/** @import { Fault, Project, Workspace } from "./workspace.mjs" */

const builtins = new Set(builtinModules);

/**
 * Every package that is imported and not declared, or declared and not imported; every project reference that is missing or
 * stale.
 *
 * Peer dependencies may go unimported: what is optional is looked up at run time.
 *
 * @param {Workspace} workspace
 * @returns {Fault[]}
 */
export function manifestFaults(workspace) {
  const folders = workspace.projects.map((project) => project.folder);
  return [
    ...workspace.projects.flatMap((project) => [
      ...dependencyFaults(workspace, project),
      ...referenceFaults(workspace, project),
    ]),
    ...Object.entries(workspace.rootReferences).flatMap(([file, references]) => [
      ...missing(folders, references).map((folder) => ({ file, message: `reference to ${folder} is missing.` })),
      ...missing(references, folders).map((folder) => ({
        file,
        message: `reference to ${folder}, which is no project.`,
      })),
    ]),
  ];
}

/**
 * @param {Workspace} workspace
 * @param {Project} project
 * @returns {Fault[]}
 */
function dependencyFaults(workspace, project) {
  const file = `${project.folder}/package.json`;
  const { dependencies = {}, devDependencies = {}, peerDependencies = {} } = project.manifest;
  const product = importedPackages(project, (path) => !isTest(path));
  const tests = importedPackages(project, isTest);
  const declared = [...Object.keys(dependencies), ...Object.keys(peerDependencies)];
  const known = [
    ...declared,
    ...Object.keys(devDependencies),
    ...Object.keys(workspace.rootManifest.devDependencies ?? {}),
  ];
  const unused = missing(Object.keys(devDependencies), [...product, ...tests]);
  return [
    ...missing(product, declared).map((name) => ({
      file,
      message: `dependencies lack ${name}, which the sources import.`,
    })),
    ...missing(Object.keys(dependencies), product).map((name) => ({
      file,
      message: `dependencies hold ${name}, which no source imports.`,
    })),
    ...missing(tests, known).map((name) => ({
      file,
      message: `devDependencies lack ${name}, which the tests import.`,
    })),
    ...unused.map((name) => ({ file, message: `devDependencies hold ${name}, which no test imports.` })),
  ];
}

/**
 * @param {Workspace} workspace
 * @param {Project} project
 * @returns {Fault[]}
 */
function referenceFaults(workspace, project) {
  const file = `${project.folder}/tsconfig.json`;
  const imported = importedPackages(project, (path) => !isTest(path));
  const wanted = workspace.projects
    .filter((candidate) => imported.includes(candidate.manifest.name ?? ""))
    .map((candidate) => candidate.folder);
  return [
    ...missing(wanted, project.references).map((folder) => ({ file, message: `reference to ${folder} is missing.` })),
    ...missing(project.references, wanted).map((folder) => ({
      file,
      message: `reference to ${folder}, which no source imports.`,
    })),
  ];
}

/**
 * The packages, without builtins, that some files of a project import.
 *
 * @param {Project} project
 * @param {(path: string) => boolean} accept
 */
function importedPackages(project, accept) {
  const specifiers = project.files
    .filter((file) => accept(file.path))
    .flatMap((file) => sourceImports(file.text, file.path).map(({ specifier }) => specifier));
  const names = specifiers
    .filter((specifier) => !specifier.startsWith(".") && !specifier.startsWith("node:") && !builtins.has(specifier))
    .map((specifier) =>
      specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  return [...new Set(names)].filter((name) => name !== project.manifest.name);
}

/**
 * @param {readonly string[]} wanted
 * @param {readonly string[]} there
 */
function missing(wanted, there) {
  return wanted.filter((name) => !there.includes(name));
}
