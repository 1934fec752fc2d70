import { enableRevectorization } from "@kindred/backend-wasm/node";
import type { Core } from "@kindred/mesh";
import { localEmbedder } from "../local-embedder.ts";
import { modelSettings } from "../model-settings.ts";
import { type EngineName, startEngine } from "../start-engine.ts";
import type { TokenBatch } from "../token-batch.ts";
import { loadWeights } from "./load-weights.ts";
import { readModelFolder } from "./read-model-folder.ts";

/** What a core of an encoding mesh is told at its start. */
export type EncodeProgramData = {
  readonly folder: string;
  readonly backend: EngineName;
  readonly revectorize: boolean;
};

/** The program of one core of an encoding mesh: it loads the model and turns batches into vectors. */
export default async function encodeProgram(_core: Core, { folder, backend, revectorize }: EncodeProgramData) {
  const files = await readModelFolder(folder);
  const settings = modelSettings(files);
  await startEngine(backend, revectorize ? { revectorization: enableRevectorization() } : {});
  const embedder = localEmbedder(await loadWeights(folder, files), settings);
  return {
    embed: async (batch: TokenBatch | undefined) =>
      batch === undefined ? undefined : (await embedder.embed([batch]))[0],
    hiddenStates: async (batch: TokenBatch | undefined) =>
      batch === undefined ? undefined : (await embedder.hiddenStates!([batch]))[0],
  };
}
