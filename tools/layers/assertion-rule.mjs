// Where the sources know more than the compiler, they say why. Ours: linters forbid assertions or allow them; none asks for a reason.
import ts from "typescript";
import { lineOf, parseSource } from "./parse-source.mjs";
import { isTest, shortName } from "./workspace.mjs";
import { testingProject } from "./layer-table.mjs";

/** @import { Fault, SourceFile, Workspace } from "./workspace.mjs" */

/**
 * Every non-null assertion (`x!`) of the sources without a comment that says why: on its line, on the line above, or, with a `!` in it,
 * above or at the head of a statement or function around it, which one comment may cover whole.
 *
 * @param {Workspace} workspace
 * @returns {Fault[]}
 */
export function assertionFaults(workspace) {
  return workspace.projects
    .filter((project) => shortName(project) !== testingProject)
    .flatMap((project) =>
      project.files
        .filter(({ path }) => !isTest(path) && path.endsWith(".ts"))
        .flatMap((file) =>
          unexplained(file).map((line) => ({
            file: `${project.folder}/${file.path}`,
            line,
            message: "a `!` without a reason. Let the structure say it, or say in a comment with `!` why it holds.",
          })),
        ),
    );
}

/**
 * The lines of a file's assertions that no comment explains.
 *
 * @param {SourceFile} source
 * @returns {number[]}
 */
function unexplained({ text, path }) {
  if (!/[\])\w]!/.test(text)) return [];
  const file = parseSource(text, path);
  const lines = text.split("\n");
  const lastLine = (/** @type {ts.Node} */ node) => file.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  const isComment = (/** @type {number} */ line) => /(^|\s)\/\/ /.test(lines[line - 1] ?? "");
  // A comment in code, with `!` in it. What stands in documentation counts for its function.
  const explains = (/** @type {number} */ line) => /(?:\/\/|^\s*\*|\/\*).*`!`/.test(lines[line - 1] ?? "");
  /** @type {Set<number>} */
  const found = new Set();
  const visit = (/** @type {ts.Node} */ node, /** @type {boolean} */ isExplained) => {
    const begin = lineOf(file, node);
    const heads = ts.isStatement(node) || ts.isFunctionLike(node) || ts.isVariableDeclaration(node);
    const covered = isExplained || (heads && (commentsBefore(node).some(explains) || explains(begin)));
    if (ts.isNonNullExpression(node) && !covered && ![lastLine(node), begin - 1].some(isComment)) found.add(begin);
    if (ts.isBlock(node) || ts.isSourceFile(node)) {
      // A comment inside a block covers the statements that follow it there.
      let isCovered = covered;
      for (const statement of node.statements) {
        isCovered ||= commentsBefore(statement).some(explains) && ts.isBlock(node);
        visit(statement, isCovered);
      }
    } else ts.forEachChild(node, (child) => visit(child, covered));
  };
  /** @param {ts.Node} node */
  function commentsBefore(node) {
    const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
    return ranges.flatMap(({ pos, end }) => {
      const first = file.getLineAndCharacterOfPosition(pos).line + 1;
      const last = file.getLineAndCharacterOfPosition(end).line + 1;
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
  }
  // A comment above the imports covers the file.
  visit(file, commentsBefore(file).some(explains));
  return [...found];
}
