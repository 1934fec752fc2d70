import type { Embedder, TokenBatch } from "@kindred/sentence-encoder";
import type { TrainingRunner } from "./training-steps.ts";

type Waiting = {
  readonly batch: TokenBatch;
  readonly signal: AbortSignal | undefined;
  resolve(vectors: Float32Array): void;
  reject(reason: unknown): void;
};

/**
 * An embedder over cores that embed together, up to one batch each at a time, as those of a training run do between its steps: batches
 * that are asked for in one turn go side by side. Closed, it has nothing under way; whoever runs the cores closes them.
 */
export function lockstepEmbedder({
  cores,
  programs,
  embed: embedTogether,
}: Pick<TrainingRunner, "cores" | "programs" | "embed">): Embedder {
  const waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  const runAll = async () => {
    await undefined; // others of this turn come too
    for (let group = waiting.splice(0, cores); group.length > 0; group = waiting.splice(0, cores)) {
      const wanted = group.filter(({ signal }) => signal?.aborted !== true);
      for (const { signal, reject } of group) if (signal?.aborted === true) reject(signal.reason);
      try {
        const vectors = wanted.length === 0 ? [] : await embedTogether(wanted.map(({ batch }) => batch));
        for (const [i, values] of vectors.entries()) wanted[i]?.resolve(values);
      } catch (error) {
        for (const { reject } of wanted) reject(error);
      }
      await undefined; // those that waited for these vectors ask for more
    }
    running = undefined;
  };
  return {
    cores,
    ...(programs && { programs }),
    embed: ({ batch }, { signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        waiting.push({ batch, signal, resolve, reject });
        running ??= runAll();
      }),
    close: async () => running,
  };
}
