import type { Embedder, TokenBatch } from "@kindred/sentence-encoder";

type Waiting = { readonly batch: TokenBatch; resolve(vectors: Float32Array): void; reject(reason: unknown): void };

/**
 * An embedder over cores that embed together, up to one batch each at a time, as those of a training run do between its steps: batches
 * that are asked for in one turn go side by side.
 *
 * @param embedTogether the vectors of up to `cores` batches' sentences.
 */
export function lockstepEmbedder(
  cores: number,
  embedTogether: (batches: readonly TokenBatch[]) => Promise<readonly Float32Array[]>,
): Embedder {
  const waiting: Waiting[] = [];
  let running = false;
  const runAll = async () => {
    running = true;
    await undefined; // others of this turn come too
    for (let group = waiting.splice(0, cores); group.length > 0; group = waiting.splice(0, cores)) {
      try {
        const vectors = await embedTogether(group.map(({ batch }) => batch));
        for (const [i, values] of vectors.entries()) group[i]?.resolve(values);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
      await undefined; // those that waited for these vectors ask for more
    }
    running = false;
  };
  return {
    cores,
    embed: ({ batch }, { signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        waiting.push({ batch, resolve, reject });
        if (!running) void runAll();
      }),
    close: async () => {}, // whoever runs the cores closes them
  };
}
