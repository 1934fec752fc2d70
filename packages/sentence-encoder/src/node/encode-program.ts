import type { JobHandler, ProgramOptions } from "@kindred/mesh";
import type { WeightForm } from "@kindred/nn";
import { type EngineModule, engineFromModule } from "@kindred/tensor";
import { type EmbeddingJob, loadWeights, startEmbedding } from "../local-embedder.ts";
import type { SharedWeights } from "../frozen-parameters.ts";
import { openSentenceModel } from "../sentence-model.ts";
import { type FolderOfKind, openFolder } from "./load-sentence-encoder.ts";

/** What a worker of an encoding pool is told at its start. */
export type EncodeProgramData = {
  readonly folder: FolderOfKind;
  readonly engine: EngineModule;
  readonly weights: WeightForm;
  /** What all workers of the pool share. */
  readonly shared: SharedWeights;
};

/** The program of a worker of an encoding pool: it loads the model with the others, posts warnings of its weights, and turns batches into vectors. */
export default async function encodeProgram(
  { folder, engine, weights, shared }: EncodeProgramData,
  { post }: ProgramOptions,
): Promise<JobHandler<EmbeddingJob, Float32Array>> {
  const opened = await openFolder(folder);
  const model = openSentenceModel(opened);
  const { handle } = await startEmbedding(
    await engineFromModule(engine),
    (onLoaded) => loadWeights(opened, model, { weights, shared, onWarning: post, onLoaded }),
    model,
  );
  return handle;
}
