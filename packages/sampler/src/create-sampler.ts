import { type Batch, Mixture } from "./mixture.ts";
import { madeOf, type MixtureState, type SamplerCursor, savedCursor } from "./sampler-cursor.ts";
import { resolveOptions, type SamplerOptions } from "./sampler-options.ts";
import type { TextsRow } from "./source.ts";
import { type SourceCounts, startOfLane } from "./source-lane.ts";

/** A source of batches with a memory. */
export type Sampler<Row extends TextsRow = TextsRow> = {
  /** The next batch; undefined when every epoch is over. Calls wait for each other. */
  next(): Promise<Batch<Row> | undefined>;
  /** Where the sampler stands after the last batch that `next` has given, as plain JSON. */
  cursor(): SamplerCursor;
  /** What has become of each source's rows. */
  readonly counts: readonly SourceCounts[];
  /** Lets go of open streams. */
  close(): Promise<void>;
};

/**
 * Batches of unlike rows from a weighted mixture of sources, the same for the same key, that can stop and go on. Rows come out whole: the
 * sampler looks at nothing but their texts.
 *
 * Sources are drawn with probability weight / Σ weights, by a counter-based generator. With `epochs` unset they are
 * read without end. No text stands twice in a batch (unless `duplicates` is `"allow"`): in-batch softmax would push
 * equal texts apart. Texts are equal if they are the same string, to the letter. A row that holds one text twice fits
 * nowhere and is dropped.
 *
 * A source that has no further row for a batch (all of its different rows are in it) is left out of the draw until the
 * next batch. With `epochs`, batches are smaller where the rows run out, and `next` gives undefined at the end.
 *
 * The original trainer's sampler is `{ mixing: "rounds", roundSteps: 4, runsPerRound: 2, duplicates: "drop",
 * duplicateScope: "round", order: "file" }`, less these of its traits: it loses the first row of every source, its
 * cores race for batches, and it keeps a row whose own texts are equal.
 *
 * @throws ConfigError for options that cannot be meant and for a cursor of other data or options. `next` throws a
 * DataError when the sources cannot fill a batch with different texts, and what a stream throws.
 * @see N. Reimers, se-pytorch-xla (2021), train_many_data_files_v2.py
 *
 * @example
 * ```ts
 * import { keyFromSeed } from "@kindred/random";
 * import { createSampler } from "@kindred/sampler";
 *
 * const rows = [["a cat", "a kitten"], ["a dog", "a puppy"], ["a dog", "a hound"]].map((texts) => ({ texts, score: texts.length }));
 * const pairs = { name: "pairs", weight: 1, columns: 2, length: rows.length, row: (i: number) => rows[i]! };
 * const sampler = createSampler({ sources: [pairs], batchSize: 2, key: keyFromSeed(1), epochs: 1, order: "file" });
 * (await sampler.next())?.rows.map(({ index }) => index); // => [0, 1]
 * (await sampler.next())?.rows.map(({ index, row }) => [index, row.score]); // => [[2, 2]]
 * await sampler.next(); // => undefined
 * ```
 */
export function createSampler<Row extends TextsRow>(options: SamplerOptions<Row>): Sampler<Row> {
  const resolved = resolveOptions(options);
  const parts = madeOf(resolved);
  const cursor = options.cursor === undefined ? undefined : savedCursor(options.cursor, parts);
  let saved: MixtureState = cursor?.state ?? startOf(resolved.sources.length);
  let replay = cursor?.replay ?? 0;
  let toReplay = replay;
  const mixture = new Mixture(resolved, saved);

  async function produce(): Promise<Batch<Row> | undefined> {
    for (; toReplay > 0; toReplay--) await mixture.next();
    const batch = await mixture.next();
    if (batch !== undefined && mixture.isScopeOver()) {
      saved = mixture.state();
      replay = 0;
    } else if (batch !== undefined) {
      replay++;
    }
    return batch;
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    next() {
      const batch = last.then(produce);
      last = batch.catch(() => {});
      return batch;
    },
    cursor: () => ({ version: 1, madeOf: parts, state: saved, replay }),
    get counts() {
      return mixture.counts();
    },
    close: () => mixture.close(),
  };
}

function startOf(sourceCount: number): MixtureState {
  return { draws: 0, batches: 0, run: null, lanes: Array.from({ length: sourceCount }, () => startOfLane) };
}
