import { runAsWorker } from "@kindred/mesh";

// A worker's own module: a worker of a pool with its program in it.
runAsWorker(async (base) => (x) => base + x);
