// Source texts as syntax trees.
import ts from "typescript";

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
