import { type Engine, moduleOfEngine } from "@kindred/tensor";
import {
  type ExchangeMemory,
  type ParameterShards,
  parameterShards,
  parameterViews,
  sharedHeap,
  touchedRows,
} from "@kindred/tpu-sharding";
import type { Mesh } from "@kindred/mesh";
import { startMesh } from "@kindred/mesh/node";
import { modelSpecs, type TokenBatch } from "@kindred/sentence-encoder";
import type { TrainConfig } from "../train-options.ts";
import type { NamedMoments } from "../checkpoint.ts";
import type { TrainableModel } from "../trainable-model.ts";
import type { TrainingCores } from "../training-cores.ts";
import type { TrainingHandlers, TrainingCoreData } from "./training-core.ts";

/** Options of {@link startTrainingMesh}. */
export type StartOptions = {
  /** What the cores run on. */
  readonly engine: Engine;
  /** Steps already done. Default 0. */
  readonly stepsDone?: number;
  /** The module of the run's program, for every core to import. Default: none. */
  readonly program?: URL;
  /** Fills AdamW's moments, before the cores start. Default: they are 0. */
  readonly restore?: (moments: NamedMoments) => Promise<void>;
};

/** Shared memory for a model's weights and moments, to be filled before {@link startTrainingMesh}. */
function trainingMemory(model: TrainableModel, cores: number) {
  const sizes = Object.fromEntries(Object.entries(model.weights).map(([name, { values }]) => [name, values.length]));
  const shards: ParameterShards = parameterShards(sizes, cores);
  const gradientNames = shards.shards.map((_, core) => `gradients of core ${core}`);
  const names = ["weights", "first", "second", ...gradientNames];
  const { arrays, heap } = sharedHeap(Object.fromEntries(names.map((name) => [name, shards.length])));
  const memory: ExchangeMemory = {
    weights: arrays["weights"]!,
    gradients: gradientNames.map((name) => arrays[name]!),
    tables: touchedRows(shards, tableRowLengths(model)),
  };
  const moments = { first: arrays["first"]!, second: arrays["second"]! };
  const weights = parameterViews(shards, memory.weights);
  for (const [name, { values }] of Object.entries(model.weights)) weights[name]!.set(values);
  const namedMoments: NamedMoments = {
    first: parameterViews(shards, moments.first),
    second: parameterViews(shards, moments.second),
  };
  return { shards, memory, heap, moments, weights, namedMoments };
}

/** The length of a row of every table of which a step looks up some rows, by name. */
function tableRowLengths(model: TrainableModel): { [name: string]: number } {
  const tables = modelSpecs(model).filter(({ kind }) => kind === "table");
  return Object.fromEntries(tables.map(({ name, shape: [, length = 1] }) => [name, length]));
}

/**
 * Starts `config.cores` worker threads that hold this model in shared memory and make the steps of a run.
 *
 * @throws ConfigError if worker threads cannot find the engine; MeshError if one does not start in time; OutOfMemoryError.
 *
 * @example
 * ```ts ignore
 * import { wasm } from "@kindred/backend-wasm";
 * import { newModel, trainConfig } from "@kindred/trainer";
 * import { startTrainingMesh } from "@kindred/trainer/node";
 *
 * const config = trainConfig({ cores: 2 });
 * const cores = await startTrainingMesh(config, newModel(config, tokenizer), { engine: wasm() });
 * cores.engine; // "wasm kernels: relaxed (…)", say
 * await cores.close();
 * ```
 */
export async function startTrainingMesh(
  config: TrainConfig,
  model: TrainableModel,
  { engine, stepsDone = 0, program, restore }: StartOptions,
): Promise<TrainingCores> {
  const { shards, memory, heap, moments, weights, namedMoments } = trainingMemory(model, config.cores);
  await restore?.(namedMoments);
  const cores = shards.shards.length;
  const shapes = Object.fromEntries(Object.entries(model.weights).map(([name, { shape }]) => [name, shape]));
  const data: TrainingCoreData = {
    config,
    engine: moduleOfEngine("train", engine),
    model: { config: model.encoder.configJson(), modules: model.modules },
    shapes,
    shards,
    memory,
    heap,
    moments,
    program: program?.href,
    stepsDone,
  };
  // Cores run what is built, also where this file is run as it is written: Node 20 reads no TypeScript.
  const core = import.meta.url.endsWith(".ts") ? "../../dist/node/training-core.js" : "./training-core.js";
  const mesh: Mesh<TrainingHandlers> = await startMesh({
    cores,
    program: new URL(core, import.meta.url),
    data,
  });
  const [description] = await mesh.call("engine", Array(cores).fill(undefined));
  return {
    cores,
    engine: description ?? engine.name,
    weights,
    moments: namedMoments,
    step: async (step, shares) => {
      const totalRows = shares.reduce((sum, { rows }) => sum + rows.length, 0);
      const [result] = await mesh.call(
        "step",
        shares.map((share) => ({ step, share, totalRows })),
      );
      return result!;
    },
    profile: async () => (await mesh.call("profile", Array(cores).fill(undefined)))[0],
    embedder: {
      cores,
      embed: async (batches: readonly TokenBatch[]) => {
        const vectors = await mesh.call(
          "embed",
          Array.from({ length: cores }, (_, core) => batches[core]),
        );
        return vectors.filter((rows) => rows !== undefined);
      },
      close: async () => {}, // the run closes its mesh
    },
    close: () => mesh.close(),
  };
}
