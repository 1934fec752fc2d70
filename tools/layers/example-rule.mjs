// Functions and classes that packages export show how they are used. Ours: typedoc asks for a comment, not for an example in it.
import { posix } from "node:path";
import ts from "typescript";
import { lineOf, parseSource } from "./parse-source.mjs";

/** @import { Fault, Project, Workspace } from "./workspace.mjs" */

/**
 * Every function and class that a published package exports without an `@example` in its TSDoc comment.
 *
 * Types and constants need none, and neither does a constant op (`layerNormOp`), which its function shows.
 *
 * @param {Workspace} workspace
 * @returns {Fault[]}
 */
export function exampleFaults(workspace) {
  return workspace.projects
    .filter((project) => project.folder.startsWith("packages/") && project.manifest.private !== true)
    .flatMap((project) => entryFiles(project).flatMap((entry) => faultsOfEntry(project, entry)));
}

/** @param {Project} project */
function entryFiles(project) {
  return project.files.filter(({ path }) => /^src\/(\w+\/)?index\.ts$/.test(path));
}

/**
 * @param {Project} project
 * @param {{ path: string, text: string }} entry
 * @returns {Fault[]}
 */
function faultsOfEntry(project, entry) {
  return exportsOf(entry).flatMap(({ name, from }) => {
    const path = posix.join(posix.dirname(entry.path), from);
    const source = project.files.find((file) => file.path === path);
    if (source === undefined) return [];
    const file = parseSource(source.text, source.path);
    const declared = file.statements.filter(
      (statement) =>
        (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name?.text === name,
    );
    // Of a function with overloads, one comment shows them all.
    if (declared.length === 0 || declared.some(hasExample)) return [];
    const [first] = declared;
    const line = first === undefined ? {} : { line: lineOf(file, first) };
    return [{ file: `${project.folder}/${path}`, ...line, message: `${name} is exported without an @example.` }];
  });
}

/**
 * What an index exports by name: values only, under the names that their files give them.
 *
 * @param {{ path: string, text: string }} entry
 */
function exportsOf({ path, text }) {
  return parseSource(text, path).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return [];
    const { moduleSpecifier, exportClause } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) return [];
    const from = moduleSpecifier.text;
    return exportClause.elements
      .filter((element) => !element.isTypeOnly)
      .map(({ name, propertyName }) => ({ name: (propertyName ?? name).text, from }));
  });
}

/** @param {ts.Node} node */
function hasExample(node) {
  return ts.getJSDocTags(node).some((tag) => tag.tagName.text === "example");
}
