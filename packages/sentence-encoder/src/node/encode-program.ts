import type { Core } from "@kindred/mesh";
import { openModelFolder } from "@kindred/model-folder/node";
import { type EngineModule, engineFromModule } from "@kindred/tensor";
import { localEmbedder } from "../local-embedder.ts";
import { loadParameters } from "../model-weights.ts";
import { openSentenceModel } from "../sentence-model.ts";
import type { TokenBatch } from "../token-batch.ts";

/** What a core of an encoding mesh is told at its start. */
export type EncodeProgramData = {
  readonly folder: string;
  readonly engine: EngineModule;
};

/** The program of one core of an encoding mesh: it loads the model and turns batches into vectors. */
export default async function encodeProgram(_core: Core, { folder, engine }: EncodeProgramData) {
  const opened = await openModelFolder(folder);
  const model = openSentenceModel(opened);
  const embedder = await localEmbedder(await engineFromModule(engine), () => loadParameters(opened, model), model);
  return {
    embed: async (batch: TokenBatch | undefined) =>
      batch === undefined ? undefined : (await embedder.embed([batch]))[0],
    hiddenStates: async (batch: TokenBatch | undefined) =>
      batch === undefined ? undefined : (await embedder.hiddenStates?.([batch]))?.[0],
  };
}
