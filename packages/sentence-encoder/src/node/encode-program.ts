import type { JobHandler, ProgramOptions } from "@kindred/mesh";
import { type EngineModule, engineFromModule } from "@kindred/tensor";
import { type EmbeddingJob, startEmbedding } from "../local-embedder.ts";
import { loadParameters } from "../model-weights.ts";
import { openSentenceModel } from "../sentence-model.ts";
import { type FolderOfKind, openFolder } from "./load-sentence-encoder.ts";

/** What a worker of an encoding pool is told at its start. */
export type EncodeProgramData = {
  readonly folder: FolderOfKind;
  readonly engine: EngineModule;
};

/** The program of a worker of an encoding pool: it loads the model, posts warnings of its weights, and turns batches into vectors. */
export default async function encodeProgram(
  { folder, engine }: EncodeProgramData,
  { post }: ProgramOptions,
): Promise<JobHandler<EmbeddingJob, Float32Array>> {
  const opened = await openFolder(folder);
  const model = openSentenceModel(opened);
  const { handle } = await startEmbedding(
    await engineFromModule(engine),
    (onLoaded) => loadParameters(opened, model, { onWarning: post, onLoaded }),
    model,
  );
  return handle;
}
