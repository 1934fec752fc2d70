import type { ParameterValues } from "@kindred/encoder";
import type { SavedModel } from "@kindred/sentence-encoder";

/** Where a run stands, beside its weights and moments. */
export type TrainerState = {
  /** Steps done. */
  readonly step: number;
  /** Where in the data it stands: what the sampler said, as plain JSON. */
  readonly cursor: unknown;
  /** Seconds of training so far, over all parts of the run. */
  readonly seconds: number;
};

/** All that a run needs to go on. The arrays are the run's own: what keeps them for later copies them, before the next step. */
export type Checkpoint = {
  readonly model: SavedModel;
  /** Arrays by name: what the optimizer remembers, and weights that are no part of the model. The same at each call. */
  readonly others: () => AsyncIterable<readonly [name: string, values: ParameterValues]>;
  readonly state: TrainerState;
};

/** What keeps a run's checkpoints and, at its end, its model: a folder, a database, a page's memory. Both say where, for the events. */
export type RunSaves = {
  /** Keeps all that a run goes on from. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<string>;
  /** Keeps the model at the run's end. */
  saveModel(model: SavedModel): Promise<string>;
};
