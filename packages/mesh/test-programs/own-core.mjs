import { runAsCore } from "@kindred/mesh";

// A worker's own module: a core with its program in it.
runAsCore(async (core) => ({ sum: (x) => core.allReduceScalar(x) }));
