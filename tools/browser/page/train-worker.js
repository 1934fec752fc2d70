// A core of a training run in a web worker. It brings engine and program, as a bundler moves their modules.
import { runAsCore } from "@kindred/mesh";
import { stepCore } from "@kindred/tpu-sharding";
import { trainingCore } from "@kindred/trainer";
import { bundledWasm } from "./bundled-wasm.js";

runAsCore(stepCore({ program: trainingCore, engine: bundledWasm() }));
