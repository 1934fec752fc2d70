// What Kindred must not use of tfjs-core, and why. Tests and the tests' references may. Ours: linters forbid an import, not a part of
// a namespace with its reason.
import ts from "typescript";
import { testingProject } from "./layer-table.mjs";
import { lineOf, parseSource } from "./parse-source.mjs";
import { isTest, shortName } from "./workspace.mjs";

/** @import { Fault, SourceFile, Workspace } from "./workspace.mjs" */

const tfjs = "@tensorflow/tfjs-core";
const ownWalk = "holds every saved tensor to the end and leaks on errors; use valueAndGradients of @kindred/tensor";
const unkeyed = "draws without a key, one number at a time in JavaScript; use @kindred/random";
const slowTile = "is a slow kernel that builds a vector per element; broadcast with add or mul";

/** By name on the tfjs namespace. */
const forbidden = new Map([
  ["fused", "fails or ignores gradients in most forms; use the ops of @kindred/nn"],
  ["train", "keeps some 14 temporaries a weight alive at once; use @kindred/adamw"],
  ["grad", ownWalk],
  ["grads", ownWalk],
  ["valueAndGrad", ownWalk],
  ["valueAndGrads", ownWalk],
  ["variableGrads", ownWalk],
  ["tile", slowTile],
  ["broadcastTo", slowTile],
  ["einsum", "has no kernel on wasm; use the products of @kindred/nn"],
  ["dropout", unkeyed],
  ["randomUniform", unkeyed],
  ["randomNormal", unkeyed],
  ["randomGamma", unkeyed],
  ["randomStandardNormal", unkeyed],
  ["truncatedNormal", unkeyed],
  ["multinomial", unkeyed],
  ["variable", "is not needed: weights are plain tensors, written by write of the running engine"],
]);

/**
 * Every use of a part of tfjs-core that is slow, wrong or dangerous on the wasm backend.
 *
 * @param {Workspace} workspace
 * @returns {Fault[]}
 */
export function forbiddenApiFaults(workspace) {
  return workspace.projects
    .filter((project) => shortName(project) !== testingProject)
    .flatMap((project) =>
      project.files
        .filter((file) => !isTest(file.path))
        .flatMap((file) => usesIn(file).map((use) => ({ file: `${project.folder}/${file.path}`, ...use }))),
    );
}

/**
 * @param {SourceFile} source
 * @returns {{ line: number, message: string }[]}
 */
function usesIn(source) {
  if (!source.text.includes(tfjs)) return [];
  const file = parseSource(source.text, source.path);
  const names = namesOfTfjs(file);
  /** @type {{ line: number, message: string }[]} */
  const found = [];
  const report = (/** @type {ts.Node} */ node, /** @type {string} */ message) => {
    found.push({ line: lineOf(file, node), message });
  };
  const visit = (/** @type {ts.Node} */ node) => {
    const name = tfjsName(node, names);
    const reason = name === undefined ? undefined : forbidden.get(name);
    if (reason !== undefined) report(node, `tf.${name} ${reason}.`);
    if (ts.isCallExpression(node)) {
      const called = tfjsName(node.expression, names);
      if ((called === "cumsum" || called === "cumprod") && isNegative(node.arguments[1])) {
        report(node, `tf.${called} with a negative axis corrupts the heap on wasm; count the axis from 0.`);
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const statement of file.statements) if (!ts.isImportDeclaration(statement)) visit(statement);
  return found;
}

/**
 * What a file calls tfjs-core and its parts: the names of namespace imports, and by local name those of named ones.
 *
 * @param {ts.SourceFile} file
 */
function namesOfTfjs(file) {
  /** @type {Set<string>} */
  const namespaces = new Set();
  /** @type {Map<string, string>} */
  const parts = new Map();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    if (!statement.moduleSpecifier.text.startsWith(tfjs)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined) continue;
    if (ts.isNamespaceImport(bindings)) namespaces.add(bindings.name.text);
    else for (const { name, propertyName } of bindings.elements) parts.set(name.text, (propertyName ?? name).text);
  }
  return { namespaces, parts };
}

/**
 * The name in tfjs-core that a node refers to: `tf.tile` and an imported `tile` are "tile".
 *
 * @param {ts.Node} node
 * @param {{ namespaces: Set<string>, parts: Map<string, string> }} names
 */
function tfjsName(node, { namespaces, parts }) {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    return namespaces.has(node.expression.text) ? node.name.text : undefined;
  }
  if (!ts.isIdentifier(node) || !ts.isExpression(node)) return undefined;
  const isName = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
  return isName ? undefined : parts.get(node.text);
}

/** @param {ts.Expression | undefined} node */
function isNegative(node) {
  return node !== undefined && ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken;
}
