// The layers of the workspace, lowest first: an import may only point down, never sideways. docs/architecture.md draws this.

/**
 * Each layer's projects, by folder name under packages/ or apps/.
 *
 * @type {readonly { readonly name: string, readonly projects: readonly string[] }[]}
 */
export const layers = [
  { name: "below all", projects: ["errors"] },
  { name: "ground", projects: ["random", "options", "files", "mesh", "side-module"] },
  { name: "data", projects: ["tokenizer", "datasets", "tensor-files", "vectors"] },
  { name: "folder and search", projects: ["model-folder", "vector-files", "search"] },
  { name: "engine", projects: ["tensor"] },
  { name: "ops", projects: ["nn"] },
  { name: "encoders", projects: ["encoder"] },
  { name: "parts", projects: ["pooling", "transformer", "loss"] },
  {
    name: "models and learning",
    projects: [
      "mpnet",
      "bert",
      "distilbert",
      "static-embeddings",
      "contrastive-loss",
      "pair-losses",
      "distillation-losses",
      "adamw",
      "grad-cache",
      "sampler",
      "evaluation",
    ],
  },
  { name: "many cores", projects: ["tpu-sharding"] },
  { name: "devices", projects: ["pjrt"] },
  { name: "programs", projects: ["stablehlo"] },
  { name: "engines", projects: ["backend-wasm", "backend-xla"] },
  { name: "compose", projects: ["sentence-encoder"] },
  { name: "run", projects: ["trainer"] },
  { name: "readers of a run", projects: ["run-folder", "run-report", "distillation"] },
  { name: "edge", projects: ["hub", "command-line", "server"] },
  { name: "stacks", projects: ["integrations"] },
  { name: "apps", projects: ["train", "encode"] },
];

/** Made of what only Node has: they need no `src/node`, and nothing that runs in browsers imports them. */
export const nodeProjects = ["pjrt", "backend-xla"];

/** Private, for tests only: it imports no package of the workspace, and only tests import it. */
export const testingProject = "testing";

/**
 * The files that may choose an engine, as patterns of their paths: apps and what reads their flags, and the set-up calls of the encoder. Everyone else takes one as an
 * argument, or runs on whichever is active, so that the same code runs on all of them.
 */
export const compositionRoots = [
  "^apps/",
  "^packages/command-line/",
  "^packages/sentence-encoder/src/(node/|sentence-encoder-from-files)",
];

/** Who may import tfjs's own backends: the engine, which starts them, and the tests' references. */
export const engineProjects = ["tensor", testingProject];

/** The lowest layer that may know of tfjs at all. */
export const lowestTensorLayer = layers.findIndex((layer) => layer.name === "engine");
