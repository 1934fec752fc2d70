// What a source file may import, as rules of dependency-cruiser, made from the layer table.
import { cruise } from "dependency-cruiser";
import {
  compositionRoots,
  engineProjects,
  layers,
  lowestTensorLayer,
  nodeProjects,
  testingProject,
} from "./layer-table.mjs";

/** @import { IForbiddenRuleType, ICruiseResult } from "dependency-cruiser" */
/** @import { Fault } from "./workspace.mjs" */

const anyProject = "^(?:packages|apps)/";
/** Tests, and what only tests use. */
const tests = "\\.test\\.ts$|/test-support/|/test-programs/";
/** Everything up to sentence-encoder's core runs in browsers: all but apps, tests, the tests' package, packages of Node and src/node. */
const browserSources = {
  path: "^packages/[^/]+/src/",
  pathNot: [tests, "/src/node/", projects([testingProject, ...nodeProjects])],
};

/** The files of some projects. @param {readonly string[]} names */
function projects(names) {
  return `${anyProject}(${names.join("|")})/`;
}

/** An import may only point down, never sideways. @returns {IForbiddenRuleType[]} */
function layerRules() {
  return layers.flatMap(({ name, projects: own }, i) => {
    const above = projects(layers.slice(i).flatMap((layer) => layer.projects));
    const rule = (/** @type {object} */ from, /** @type {readonly string[]} */ allowed) => ({
      name: `imports-point-down (${name})`,
      comment:
        "imports point down the layers of tools/layers/layer-table.mjs, and packages of one layer don't import each other",
      severity: /** @type {const} */ ("error"),
      from: { path: projects(own), ...from },
      to: { path: above, pathNot: [`${anyProject}$1/`, ...allowed] },
    });
    // A backend implements the ops and lies above them; the tests of what it implements may use it.
    return [rule({ pathNot: tests }, []), rule({ path: `${projects(own)}.*(?:${tests})` }, ["^packages/backend-"])];
  });
}

/** @returns {IForbiddenRuleType[]} */
function rules() {
  const known = [...layers.flatMap((layer) => layer.projects), testingProject];
  const belowEngine = layers.slice(0, lowestTensorLayer).flatMap((layer) => layer.projects);
  /** @type {readonly [name: string, comment: string, from: object, to: object][]} */
  const list = [
    [
      "has-a-layer",
      "it has no layer yet: add it to tools/layers/layer-table.mjs",
      { path: anyProject, pathNot: projects(known) },
      {},
    ],
    ["resolves", "nothing is there, or its package.json does not export it", {}, { couldNotResolve: true }],
    [
      "imports-by-name",
      "it lies in another package: import that by its name",
      { path: "^((?:packages|apps)/[^/]+)/" },
      { dependencyTypes: ["local"], path: anyProject, pathNot: ["^$1/", "/test-support/"] },
    ],
    [
      "own-files-by-path",
      "it is the package itself: import the file that defines what you need",
      { path: "^((?:packages|apps)/[^/]+)/src/", pathNot: tests },
      { path: ["^$1/src/index\\.ts$", "^$1/src/[^/]+/index\\.ts$"] },
    ],
    [
      "no-tests",
      "it is for tests only",
      { pathNot: [tests, projects([testingProject])] },
      { path: [tests, projects([testingProject])] },
    ],
    [
      "testing-alone",
      `${testingProject} imports no package of this workspace`,
      { path: projects([testingProject]) },
      { path: anyProject, pathNot: projects([testingProject]) },
    ],
    [
      "browsers-without-node",
      "it needs Node, and this file must run in browsers: move it to src/node, or pass data in",
      browserSources,
      { dependencyTypes: ["core"] },
    ],
    [
      "browsers-without-node",
      "it needs Node, and this file must run in browsers: move it to src/node, or pass data in",
      browserSources,
      { path: ["/src/node/", projects(nodeProjects)] },
    ],
    [
      "roots-choose-engines",
      `it is an engine: only composition roots choose one (${compositionRoots.join(", ")}), and tests`,
      { path: `${anyProject}([^/]+)/`, pathNot: [tests, ...compositionRoots] },
      { path: "^packages/backend-", pathNot: "^packages/$1/" },
    ],
    [
      "roots-choose-engines",
      `it is a backend of tfjs: only ${engineProjects.join(" and ")} import those`,
      { path: anyProject, pathNot: [tests, projects(engineProjects)] },
      { path: "node_modules/@tensorflow/tfjs-backend-" },
    ],
    [
      "tensors-from-the-engine-up",
      "it is of tensors, and this file lies below the engine",
      { path: projects(belowEngine), pathNot: tests },
      { path: "node_modules/@tensorflow/" },
    ],
  ];
  return [
    ...list.map(([name, comment, from, to]) => ({ name, comment, severity: /** @type {const} */ ("error"), from, to })),
    ...layerRules(),
  ];
}

/**
 * Every import under a root folder that breaks a rule.
 *
 * @param {string} root the folder that holds packages/ and apps/
 * @returns {Promise<Fault[]>}
 */
export async function importFaults(root) {
  const forbidden = rules();
  const { output } = await cruise(["packages", "apps"], {
    baseDir: root,
    includeOnly:
      "^(?:packages|apps)/[^/]+/(?:src|bin|test-support|test-programs)/|node_modules|^@|^(?:node:)?[a-z_/]+$",
    doNotFollow: { path: "node_modules|/dist/" },
    tsPreCompilationDeps: true, // imports of types too
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@kindred/source", "import", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".json"],
    },
    validate: true,
    ruleSet: { forbidden },
  });
  const { violations } = /** @type {ICruiseResult} */ (output).summary;
  return violations.map(({ from, to, rule: { name } }) => {
    const comment = forbidden.find((rule) => rule.name === name)?.comment;
    return { file: from, message: `may not import ${to} (${name}): ${comment}.` };
  });
}
