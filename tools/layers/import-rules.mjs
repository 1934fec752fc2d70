// What a source file may import.
import { builtinModules } from "node:module";
import { posix } from "node:path";
import ts from "typescript";
import {
  compositionRoots,
  engineProjects,
  layerOf,
  layers,
  lowestTensorLayer,
  testingProject,
} from "./layer-table.mjs";
import { lineOf, parseSource, sourceImports } from "./source-imports.mjs";
import { isTest, shortName } from "./workspace.mjs";

/** @import { Fault, Project, SourceFile, Workspace } from "./workspace.mjs" */

const scope = "@kindred/";
const builtins = new Set(builtinModules);

/**
 * Every import that points up or sideways, into another package's files, at the project's own index, at a backend, or at Node
 * from code that browsers run.
 *
 * @param {Workspace} workspace
 * @returns {Fault[]}
 */
export function importFaults(workspace) {
  return workspace.projects.flatMap((project) =>
    project.files.flatMap((file) => {
      const at = `${project.folder}/${file.path}`;
      const named = sourceImports(file.text, file.path).flatMap(({ specifier, line }) =>
        messagesFor(workspace, project, file, specifier).map((message) => ({ file: at, line, message })),
      );
      const globals = mustRunInBrowsers(project, file)
        ? nodeGlobals(file).map((fault) => ({ file: at, ...fault }))
        : [];
      return [...named, ...globals];
    }),
  );
}

/**
 * @param {Workspace} workspace
 * @param {Project} project
 * @param {SourceFile} file
 * @param {string} specifier
 * @returns {string[]}
 */
function messagesFor(workspace, project, file, specifier) {
  if (specifier.startsWith(".")) return relativeMessages(project, file, specifier);
  if (specifier.startsWith(scope)) return packageMessages(workspace, project, file, specifier);
  return outsideMessages(project, file, specifier);
}

/**
 * @param {Project} project
 * @param {SourceFile} file
 * @param {string} specifier
 */
function relativeMessages(project, file, specifier) {
  const target = posix.join(posix.dirname(file.path), specifier);
  // Tests may share what a lower package's tests use: it is never published, so it has no name to import it by.
  const support = /^packages\/([^/]+)\/test-support\//.exec(posix.join(project.folder, target))?.[1];
  if (target.startsWith("..") && support !== undefined && isTest(file.path)) {
    return layerMessages(shortName(project), support, file);
  }
  const messages = [];
  if (target.startsWith("..")) {
    messages.push(`${specifier} lies outside the package. Import the package that owns it by its name.`);
  }
  if (isTest(file.path) || file.path.startsWith("bin/")) return messages;
  if (!/\.(ts|json)$/.test(specifier)) messages.push(`${specifier} must name its file, ending in .ts.`);
  if (/^src\/(.*\/)?index\.ts$/.test(target)) {
    messages.push(`${specifier} is the package's own index. Import the file that defines what you need.`);
  }
  if (isTest(target)) messages.push(`${specifier} is a test.`);
  if (target.startsWith("src/node/") && mustRunInBrowsers(project, file)) {
    messages.push(`${specifier} needs Node, and this file must run in browsers. Move it to src/node, or pass data in.`);
  }
  return messages;
}

/**
 * @param {Workspace} workspace
 * @param {Project} project
 * @param {SourceFile} file
 * @param {string} specifier
 */
function packageMessages(workspace, project, file, specifier) {
  const [name = "", ...rest] = specifier.slice(scope.length).split("/");
  const entry = rest.length === 0 ? "." : `./${rest.join("/")}`;
  const from = shortName(project);
  const target = workspace.projects.find((candidate) => candidate.manifest.name === scope + name);
  if (name === from) return [`${specifier} is the package itself. Import its files by relative path.`];
  if (target === undefined) return [`${specifier} is no package of this workspace.`];
  const messages = [];
  if (!Object.hasOwn(target.manifest.exports ?? {}, entry)) {
    messages.push(`${specifier} is no entry point of ${scope}${name}. Import what its package.json exports.`);
  }
  if (entry === "./node" && mustRunInBrowsers(project, file)) {
    messages.push(`${specifier} needs Node, and this file must run in browsers. Move it to src/node, or pass data in.`);
  }
  if (name.startsWith("backend-") && !compositionRoots.includes(from) && !isTest(file.path)) {
    messages.push(
      `${specifier} is a backend. Only composition roots choose one: ${compositionRoots.join(", ")}, tests.`,
    );
  }
  return [...messages, ...layerMessages(from, name, file)];
}

/**
 * @param {string} from
 * @param {string} to
 * @param {SourceFile} file
 * @returns {string[]}
 */
function layerMessages(from, to, file) {
  if (from === testingProject) return [`${testingProject} imports no package of this workspace. Got ${to}.`];
  if (to === testingProject) return isTest(file.path) ? [] : [`${scope}${to} is for tests only.`];
  const fromLayer = layerOf(from);
  const toLayer = layerOf(to);
  if (fromLayer === undefined || toLayer === undefined) {
    return [`${fromLayer === undefined ? from : to} has no layer yet. Add it to tools/layers/layer-table.mjs.`];
  }
  // A backend implements the ops and lies above them; the tests of what it implements may use it.
  if (toLayer < fromLayer || (to.startsWith("backend-") && isTest(file.path))) return [];
  const place = `${from} (${layers[fromLayer]?.name}) may not import ${to} (${layers[toLayer]?.name})`;
  return [`${place}: imports point down, and packages of one layer don't import each other.`];
}

/**
 * @param {Project} project
 * @param {SourceFile} file
 * @param {string} specifier
 */
function outsideMessages(project, file, specifier) {
  const from = shortName(project);
  const messages = [];
  if ((specifier.startsWith("node:") || builtins.has(specifier)) && mustRunInBrowsers(project, file)) {
    messages.push(`${specifier} is Node's, and this file must run in browsers. Move it to src/node, or pass data in.`);
  }
  if (isTest(file.path)) return messages;
  if (specifier.startsWith("@tensorflow/tfjs-backend-") && !engineProjects.includes(from)) {
    messages.push(`${specifier} is a backend. Only ${engineProjects.join(" and ")} import tfjs's backends.`);
  }
  const layer = layerOf(from);
  if (specifier.startsWith("@tensorflow/") && layer !== undefined && layer < lowestTensorLayer) {
    messages.push(`${from} lies below the engine and may not know of tensors. Got ${specifier}.`);
  }
  return messages;
}

/**
 * Everything up to sentence-encoder's core runs in browsers: all but apps, tests, the tests' package and src/node.
 *
 * @param {Project} project
 * @param {SourceFile} file
 */
function mustRunInBrowsers(project, file) {
  const exempt = project.folder.startsWith("apps/") || shortName(project) === testingProject;
  return !exempt && !isTest(file.path) && !file.path.startsWith("src/node/") && !file.path.startsWith("bin/");
}

const globalNames = new Set(["Buffer", "process", "require", "__dirname", "__filename", "setImmediate"]);

/**
 * Uses of Node's own globals. `typeof process` is a question that browsers can answer, and `globalThis.process` one that they
 * answer with undefined: both are fine.
 *
 * @param {SourceFile} source
 */
function nodeGlobals(source) {
  const file = parseSource(source.text, source.path);
  /** @type {{ line: number, message: string }[]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isIdentifier(node) && globalNames.has(node.text) && readsGlobal(node)) {
      found.push({ line: lineOf(file, node), message: `${node.text} is Node's, and this file must run in browsers.` });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** @param {ts.Identifier} node */
function readsGlobal(node) {
  const { parent } = node;
  if (ts.isTypeOfExpression(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  return ts.isExpression(parent) || ts.isStatement(parent) || ts.isVariableDeclaration(parent)
    ? !(ts.isVariableDeclaration(parent) && parent.name === node)
    : false;
}
