import type { LossRow } from "@kindred/loss";
import type { ModelFolder } from "@kindred/model-folder";
import type { SavedModel } from "@kindred/sentence-encoder";
import type { StoredArray } from "@kindred/tpu-sharding";
import type { SeenRows } from "./run-data.ts";

/** Where a run stands, beside its weights and moments. */
export type TrainerState = {
  /** Steps done. */
  readonly step: number;
  /** Where in the data it stands: what the sampler said, as plain JSON. */
  readonly cursor: unknown;
  /** Seconds of training so far, over all parts of the run. */
  readonly seconds: number;
  /** How far each data set was read. Default: nobody knows, and rows that are left out are counted anew. */
  readonly seen?: readonly SeenRows[];
};

/** All that a run needs to go on. The arrays are the run's own: what keeps them for later copies them, before the next step. */
export type Checkpoint = {
  readonly model: SavedModel;
  /** What the optimizer remembers, and weights that are no part of the model: to be read one after another, each once. */
  readonly others: readonly StoredArray[];
  readonly state: TrainerState;
  /** The step of the best checkpoint so far, which is to be kept. Default: none is. */
  readonly best?: number | undefined;
};

/** What keeps a run's checkpoints and, at its end, its model: a folder, a database, a page's memory. Both say where, for the events. */
export type RunSaves = {
  /** Keeps all that a run goes on from. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<string>;
  /** The model of the checkpoint of a step that was kept. Default: it gives none back, and the model at the end is the last one. */
  openCheckpoint?(step: number): Promise<ModelFolder>;
  /** Keeps the model at the run's end. */
  saveModel(model: SavedModel): Promise<string>;
  /** Keeps a step whose numbers ran away, to be looked at. Default: it is not kept. */
  saveDiverged?(step: DivergedStep): Promise<string>;
};

/** A step whose numbers ran away. */
export type DivergedStep = {
  /** 1 for the first. */
  readonly step: number;
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Parameters whose gradient is not finite; undefined where that is not known. */
  readonly gradients: readonly string[] | undefined;
  /** Parameters that are not finite themselves: they ran away before this step. */
  readonly weights: readonly string[];
  /** The batch, in its order, with the data set of each row. */
  readonly rows: readonly (LossRow & { readonly from?: string })[];
};
