// Every module that a source text names, however it names it.
import ts from "typescript";

/**
 * @typedef {{ readonly specifier: string, readonly line: number }} SourceImport line counts from 1.
 */

/**
 * The modules that a TypeScript or JavaScript text imports: `import`, `import type`, `export … from`, `import("…")` as an
 * expression and as a type, `require("…")`. In order of appearance, repeats included.
 *
 * @param {string} text
 * @param {string} path decides how the text is parsed (.ts or .mjs) and stands in no result.
 * @returns {SourceImport[]}
 */
export function sourceImports(text, path) {
  const file = parseSource(text, path);
  /** @type {SourceImport[]} */
  const found = [];
  const visit = (/** @type {ts.Node} */ node) => {
    const specifier = namedModule(node);
    if (specifier !== undefined) found.push({ specifier: specifier.text, line: lineOf(file, specifier) });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/**
 * A source text as a syntax tree with parent links.
 *
 * @param {string} text
 * @param {string} path
 */
export function parseSource(text, path) {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/**
 * The line of a node, counted from 1.
 *
 * @param {ts.SourceFile} file
 * @param {ts.Node} node
 */
export function lineOf(file, node) {
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/**
 * The literal with which a node names a module, if it does.
 *
 * @param {ts.Node} node
 * @returns {ts.StringLiteralLike | undefined}
 */
function namedModule(node) {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
  if (ts.isExternalModuleReference(node)) return literal(node.expression);
  if (!ts.isCallExpression(node)) return undefined;
  const imports = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const requires = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return imports || requires ? literal(node.arguments[0]) : undefined;
}

/** @param {ts.Node | undefined} node */
function literal(node) {
  return node !== undefined && ts.isStringLiteralLike(node) ? node : undefined;
}
