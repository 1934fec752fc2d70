import { ConfigError } from "@kindred/errors";
import { type Batch, Mixture } from "./mixture.ts";
import { expectBatches } from "./expect-batches.ts";
import { type ResolvedOptions, resolveOptions, type SamplerOptions } from "./sampler-options.ts";
import { rowHash } from "./row-reader.ts";
import type { MixingPlace } from "./mixing.ts";
import { type LaneState, noRows, type SourceCounts, startOfLane } from "./source-lane.ts";
import type { RowsSource, Source, TextsRow } from "./source.ts";

/** A source of batches with a memory. */
export type Sampler<Row extends TextsRow = TextsRow> = {
  /**
   * Goes to where a cursor stands, before the first batch is asked for: a stream is read up to there.
   *
   * @throws ConfigError if what was read before has changed. Without this call, the first `next` throws it.
   */
  ready(): Promise<void>;
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
 * Which sources a batch comes from says `mixing`: all of them, drawn by weight (or by the temperature of their sizes) row by row; one, drawn
 * by weight for a round of batches; one after another; or one, as often as it has batches.
 *
 * The original trainer's sampler is `{ mixing: "rounds", roundSteps: 4, runsPerRound: 2, duplicates: "drop",
 * duplicateScope: "round", order: "file-first", ownTextTwice: "keep", firstRows: "lose" }`, with order `"file"` for its Reddit files, less one
 * trait: its cores race for batches.
 *
 * @throws ConfigError for options that cannot be meant and for a cursor of other data or options; DataError for sources at hand that
 * cannot fill a batch with different texts. `next` throws one when others cannot, and what a stream throws.
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
  expectBatches(resolved);
  const parts = madeOf(resolved);
  const cursor = options.cursor === undefined ? undefined : savedCursor(options.cursor, parts);
  let saved: MixtureState = cursor?.state ?? startOf(resolved.sources.length);
  let replay = cursor?.replay ?? 0;
  let toReplay = replay;
  let isThere = false;
  const mixture = new Mixture(resolved, saved);

  async function goThere(): Promise<void> {
    if (!isThere) await mixture.ready();
    isThere = true;
    for (; toReplay > 0; toReplay--) await mixture.next();
  }

  async function produce(): Promise<Batch<Row> | undefined> {
    await goThere();
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
  const afterLast = <Result>(call: () => Promise<Result>): Promise<Result> => {
    const result = last.then(call);
    last = result.catch(() => {});
    return result;
  };
  return {
    ready: () => afterLast(goThere),
    next: () => afterLast(produce),
    cursor: () => ({ version: 1, madeOf: parts, state: saved, replay }),
    get counts() {
      return mixture.counts();
    },
    close: () => mixture.close(),
  };
}

function startOf(sourceCount: number): MixtureState {
  return { draws: 0, batches: 0, place: null, lanes: Array.from({ length: sourceCount }, () => startOfLane) };
}

/** Where a mixture stands, as plain data. */
export type MixtureState = {
  /** How many sources have been drawn: the counter of the next draw. */
  readonly draws: number;
  /** How many batches were given. */
  readonly batches: number;
  /** Where its way of mixing stands, in numbers that it names. */
  readonly place: MixingPlace;
  readonly lanes: readonly LaneState[];
};

/** All that a sampler needs to go on, as plain JSON: some numbers a source, and those of the rows that wait. */
export type SamplerCursor = {
  readonly version: 1;
  /** What the sampler was made of, by name: the same things must be there when it goes on. */
  readonly madeOf: { readonly [thing: string]: string };
  /** The state at the beginning of a scope (a batch or a round), where no text is used yet … */
  readonly state: MixtureState;
  /** … and how many batches were given after it. They are drawn again, and thrown away. */
  readonly replay: number;
};

/**
 * What a sampler is made of, name → value: options, and for each source its weight, its size, the caller's fingerprint
 * or else a hash of its rows, which of a stream is taken while it is read.
 */
function madeOf<Row extends TextsRow>(options: ResolvedOptions<Row>): { readonly [thing: string]: string } {
  // Weights follow from the others. A sampler may go on with more epochs than it began with.
  const { sources, key, weights: _, epochs: __, groupBy, ...settings } = options;
  return {
    key: key.join(" "),
    groupBy: groupBy === undefined ? "none" : "rows in twos",
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
    sources: sources.map(({ name }) => name).join(", "),
    ...Object.fromEntries(sources.flatMap(thingsOf)),
  };
}

function thingsOf(source: Source): [thing: string, value: string][] {
  const { name, weight, columns, fingerprint = "none" } = source;
  const lines = "length" in source ? undefined : source.lines;
  const things: [string, string][] = [
    [`weight of ${name}`, String(weight)],
    [`columns of ${name}`, String(columns)],
    [`fingerprint of ${name}`, fingerprint],
    ...(lines === undefined ? [] : [[`lines of ${name}`, String(lines)] as [string, string]]),
  ];
  if ("length" in source) {
    things.push([`length of ${name}`, String(source.length)]);
    if (source.fingerprint === undefined) things.push([`rows of ${name}`, `hash ${hashOfRows(source)}`]);
  }
  return things;
}

function hashOfRows(source: RowsSource): string {
  const hash = rowHash();
  for (let i = 0; i < source.length; i++) hash.add(source.row(i));
  return hash.value();
}

/**
 * A cursor as it was saved, looked at: it may have been JSON in between.
 *
 * @throws ConfigError for one of other data or options, naming the first difference and both values, and for one that is none.
 */
function savedCursor(cursor: unknown, now: { readonly [thing: string]: string }): SamplerCursor {
  const { version, madeOf } = isObject(cursor) ? cursor : {};
  if (version !== 1) {
    throw new ConfigError(`createSampler: not a cursor. Got version ${String(version)}, expected 1. Start without it.`);
  }
  const saved = isObject(madeOf) ? madeOf : {};
  for (const thing of new Set([...Object.keys(now), ...Object.keys(saved)])) {
    const [then, here] = [saved[thing] ?? "nothing", now[thing] ?? "nothing"];
    if (then === here) continue;
    // A key and a hash say nothing to people.
    const difference = thing.startsWith("rows of ")
      ? `Got other ${thing} than were there when it was saved`
      : thing === "key"
        ? "Got another key than the one with which it was saved"
        : `Got ${thing} = ${here}, expected ${String(then)} as it was saved`;
    throw new ConfigError(
      `createSampler: the cursor belongs to other data or options. ${difference}. ` +
        "Go on with the same data and options, or start without the cursor.",
      { thing, saved: then, now: here },
    );
  }
  if (isWhole(cursor)) return cursor;
  throw new ConfigError(
    "createSampler: the cursor is damaged. Got another state than a sampler saves. Start without it.",
  );
}

/** Whether a cursor of the right version and make has a state, too. */
function isWhole(cursor: unknown): cursor is SamplerCursor {
  const { state, replay } = isObject(cursor) ? cursor : {};
  const { draws, batches, place, lanes } = isObject(state) ? state : {};
  const counted = (of: unknown, names: readonly string[]) =>
    isObject(of) && names.every((name) => Number.isSafeInteger(of[name]));
  return (
    [replay, draws, batches].every(Number.isSafeInteger) &&
    (place === null || (isObject(place) && counted(place, Object.keys(place)))) &&
    Array.isArray(lanes) &&
    lanes.every(
      (lane) =>
        counted(lane, ["epoch", "position", ...Object.keys(noRows)]) &&
        Array.isArray(lane.waiting) &&
        typeof lane.isFinished === "boolean",
    )
  );
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
