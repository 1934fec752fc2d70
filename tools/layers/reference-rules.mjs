// A tsconfig.json refers to the projects that its package.json depends on: all of them, and no others. Ours, since neither knip nor
// tsc tells: a reference that is missing shows only where nothing was built before.

/** @import { Fault, Workspace } from "./workspace.mjs" */

/**
 * Every project reference that is missing or stale.
 *
 * @param {Workspace} workspace
 * @returns {Fault[]}
 */
export function referenceFaults({ projects, rootReferences }) {
  const folderOf = new Map(projects.map(({ manifest, folder }) => [manifest.name, folder]));
  return [
    ...projects.flatMap(({ folder, manifest, references }) => {
      const wanted = Object.keys(manifest.dependencies ?? {}).flatMap((name) => folderOf.get(name) ?? []);
      return differences(`${folder}/tsconfig.json`, wanted, references);
    }),
    ...Object.entries(rootReferences).flatMap(([file, references]) =>
      differences(file, [...folderOf.values()], references),
    ),
  ];
}

/**
 * @param {string} file
 * @param {readonly string[]} wanted
 * @param {readonly string[]} there
 * @returns {Fault[]}
 */
function differences(file, wanted, there) {
  const missing = wanted.filter((folder) => !there.includes(folder));
  const stale = there.filter((folder) => !wanted.includes(folder));
  return [
    ...missing.map((folder) => ({ file, message: `reference to ${folder} is missing.` })),
    ...stale.map((folder) => ({ file, message: `reference to ${folder}, on which package.json does not depend.` })),
  ];
}
