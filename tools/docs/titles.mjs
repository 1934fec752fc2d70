// A plugin of typedoc: a guide is called by its heading, and every page has one.
import { Application, ReflectionKind } from "typedoc";

/** @import { CommentDisplayPart, DeclarationReflection, ProjectReflection } from "typedoc" */

/** @param {Application} app */
export function load(app) {
  app.on(Application.EVENT_PROJECT_REVIVE, takeTitles);
}

/**
 * Names every guide after the heading that stands on it, and takes the heading off the READMEs of the project and of packages, above
 * which typedoc puts a name of its own.
 *
 * @param {ProjectReflection} project
 */
function takeTitles(project) {
  for (const document of project.documents ?? []) document.name = headingOf(document.content)?.title ?? document.name;
  for (const module of project.getReflectionsByKind(ReflectionKind.Module | ReflectionKind.Project)) {
    const { readme = [] } = /** @type {DeclarationReflection | ProjectReflection} */ (module);
    const heading = headingOf(readme);
    if (heading !== undefined) heading.part.text = heading.rest;
  }
}

/**
 * The heading of the first level with which a text begins, and what follows it.
 *
 * @param {CommentDisplayPart[]} parts
 */
function headingOf([part]) {
  const [heading, title] = (part?.kind === "text" && /^\s*# (.+)\n+/.exec(part.text)) || [];
  if (part === undefined || heading === undefined || title === undefined) return undefined;
  return { part, title, rest: part.text.slice(heading.length) };
}
