import type { Embedder } from "@kindred/sentence-encoder";
import type { Profile } from "@kindred/tensor";
import type { NamedMoments } from "./checkpoint.ts";
import type { BatchShare } from "./deal-batch.ts";

/** By then every op has run, so that its kernel is there to be measured, and V8 has compiled it well. */
export const firstProfiledStep = 3;

/** What a step gave; the same on every core. */
export type StepResult = { readonly loss: number; readonly gradientNorm: number; readonly learningRate: number };

/** The cores of a run, which hold its weights and moments and make its steps. */
export type TrainingCores = {
  readonly cores: number;
  /** What the cores run on, in a few words. */
  readonly engine: string;
  /** All weights as they are, by name: to be read between steps. */
  readonly weights: { readonly [name: string]: Float32Array };
  readonly moments: NamedMoments;
  step(step: number, shares: readonly BatchShare[]): Promise<StepResult>;
  /** What the first core's ops took since the third step; undefined unless the configuration asked for it. Once, at the end. */
  profile(): Promise<Profile | undefined>;
  readonly embedder: Embedder;
  close(): Promise<void>;
};
