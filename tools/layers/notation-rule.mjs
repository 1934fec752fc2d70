// Axis names have one place of definition: docs/notation.md. Ours: nobody else has this notation.
import { isTest } from "./workspace.mjs";

/** @import { Fault, Workspace } from "./workspace.mjs" */

/**
 * Every axis name in a type (`Float<"tokens hidden">`, `Int<"…">`) of the sources that the notation does not define.
 *
 * @param {Workspace} workspace
 * @param {string} notation the text of docs/notation.md: names are defined by the first cells of its table of axes.
 * @returns {Fault[]}
 */
export function notationFaults(workspace, notation) {
  const defined = definedNames(notation);
  return workspace.projects.flatMap((project) =>
    project.files
      .filter((file) => !isTest(file.path))
      .flatMap((file) =>
        file.text.split("\n").flatMap((text, index) =>
          axisNames(text)
            .filter((name) => !defined.has(name))
            .map((name) => ({
              file: `${project.folder}/${file.path}`,
              line: index + 1,
              message: `axis name "${name}" is not in docs/notation.md. Use a name that is, or define it there.`,
            })),
        ),
      ),
  );
}

/** The names in the first cell of each row: "| `queries`, `keys` | …". */
function definedNames(/** @type {string} */ notation) {
  const cells = notation.split("\n").flatMap((line) => /^\| (`.*?`) +\|/.exec(line)?.[1] ?? []);
  return new Set(cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? "")));
}

/** The axis names in the types of one line; literal sizes are no names, and a cut (`batch@data`) is not part of one. */
function axisNames(/** @type {string} */ line) {
  return [...line.matchAll(/\b(?:Float|Int)<"([^"]*)">/g)]
    .flatMap(([, axes = ""]) => axes.split(" "))
    .map((word) => word.split("@")[0] ?? "")
    .filter((name) => name !== "" && !/^\d+$/.test(name));
}
