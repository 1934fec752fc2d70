import { enableRevectorization } from "@kindred/backend-wasm/node";
import type { Embedder } from "@kindred/sentence-encoder";
import {
  type ExchangeMemory,
  type ParameterShards,
  parameterShards,
  parameterViews,
  sharedHeap,
  touchedRows,
} from "@kindred/tpu-sharding";
import type { Profile } from "@kindred/tensor";
import type { Mesh } from "@kindred/mesh";
import { startMesh } from "@kindred/mesh/node";
import type { TokenBatch } from "@kindred/sentence-encoder";
import type { BatchShare } from "../deal-batch.ts";
import type { TrainConfig } from "../train-options.ts";
import type { NamedMoments } from "./checkpoint.ts";
import type { StepResult, TrainHandlers, TrainProgramData } from "./train-program.ts";
import type { TrainableModel } from "./trainable-model.ts";

/** The cores of a run and the shared memory that holds its weights and moments, which main may read between steps. */
export type TrainingMesh = {
  readonly cores: number;
  /** What the cores run on, in a few words. */
  readonly engine: string;
  /** All weights as they are, by name: views on shared memory. */
  readonly weights: { readonly [name: string]: Float32Array };
  readonly moments: NamedMoments;
  step(step: number, shares: readonly BatchShare[]): Promise<StepResult>;
  /** What the first core's ops took since the third step; undefined unless the configuration asked for it. Once, at the end. */
  profile(): Promise<Profile | undefined>;
  readonly embedder: Embedder;
  close(): Promise<void>;
};

/** Shared memory for a model's weights and moments, to be filled before {@link startTrainingMesh}. */
export function trainingMemory(model: TrainableModel, cores: number) {
  const sizes = Object.fromEntries(Object.entries(model.weights).map(([name, { values }]) => [name, values.length]));
  const shards: ParameterShards = parameterShards(sizes, cores);
  const gradientNames = shards.shards.map((_, core) => `gradients of core ${core}`);
  const names = ["weights", "first", "second", ...gradientNames];
  const { arrays, heap } = sharedHeap(Object.fromEntries(names.map((name) => [name, shards.length])));
  const memory: ExchangeMemory = {
    weights: arrays["weights"]!,
    gradients: gradientNames.map((name) => arrays[name]!),
    tables: touchedRows(shards, embeddingRowLengths(model)),
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
function embeddingRowLengths({ weights }: TrainableModel): { [name: string]: number } {
  const tables = Object.entries(weights).filter(([name]) => /^embeddings\.\w+_embeddings\.weight$/.test(name));
  return Object.fromEntries(tables.map(([name, { shape }]) => [name, shape[1]!]));
}

/** Starts the cores of a run on this memory, `stepsDone` steps after its beginning. */
export async function startTrainingMesh(
  config: TrainConfig,
  model: TrainableModel,
  { shards, memory, heap, moments, weights, namedMoments }: ReturnType<typeof trainingMemory>,
  stepsDone: number,
): Promise<TrainingMesh> {
  const cores = shards.shards.length;
  const { config: modelConfig, pooling, dense, normalize } = model.settings;
  const shapes = Object.fromEntries(Object.entries(model.weights).map(([name, { shape }]) => [name, shape]));
  const data: TrainProgramData = {
    config,
    settings: { config: modelConfig, pooling, dense, normalize },
    shapes,
    shards,
    memory,
    heap,
    moments,
    stepsDone,
  };
  if (config.revectorize) enableRevectorization(); // before any thread compiles a kernel
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const mesh: Mesh<TrainHandlers> = await startMesh({
    cores,
    program: new URL(`./train-program.${extension}`, import.meta.url),
    data,
  });
  const [engine] = await mesh.call("engine", Array(cores).fill(undefined));
  return {
    cores,
    engine: engine!,
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
