import { DataError } from "@kindred/errors";
import { childKey, type Key, uniformAt } from "@kindred/random";
import type { MixtureState } from "./create-sampler.ts";
import { type Drawing, type MixingPlace, type SampledRow, type WayOfMixing, withColumnsOf } from "./mixing.ts";
import { proportional } from "./proportional.ts";
import { roundRobin } from "./round-robin.ts";
import type { ResolvedOptions } from "./sampler-options.ts";
import { type SourceCounts, SourceLane, startOfLane } from "./source-lane.ts";
import type { TextsRow } from "./source.ts";

/** The rows of one optimizer step over all cores, all with the same number of texts. */
export type Batch<Row extends TextsRow = TextsRow> = { readonly rows: readonly SampledRow<Row>[] };

function wayOf<Row extends TextsRow>(drawing: Drawing<Row>, place: MixingPlace): WayOfMixing<Row> {
  const { mixing } = drawing.options;
  if (mixing === "batch") return mixedBatches(drawing);
  const make = { rounds, round_robin: roundRobin, proportional }[mixing];
  return make(drawing, place);
}

/** Fills batches from sources, as a way of mixing draws them: by weight, as below, or another that has a file of its own. All of its randomness is in the key and one counter. */
export class Mixture<Row extends TextsRow> {
  readonly #options: ResolvedOptions<Row>;
  readonly #lanes: readonly SourceLane<Row>[];
  readonly #way: WayOfMixing<Row>;
  readonly #drawKey: Key;
  #draws: number;
  #batches: number;
  /** The texts of the present scope. */
  #used = new Set<string>();

  constructor(options: ResolvedOptions<Row>, state: MixtureState) {
    this.#options = options;
    this.#lanes = options.sources.map(
      (source, index) => new SourceLane(source, { index, options, state: state.lanes[index] ?? startOfLane }),
    );
    this.#drawKey = childKey(options.key, "mixture");
    ({ draws: this.#draws, batches: this.#batches } = state);
    this.#way = wayOf(this.#drawing(), state.place);
  }

  /** The next batch; undefined when no source has rows left. */
  async next(): Promise<Batch<Row> | undefined> {
    const { batchSize, epochs, dropLast } = this.#options;
    for (let rows = await this.#way.next(); rows !== undefined; rows = await this.#way.next()) {
      if (rows.length < batchSize && epochs === Number.POSITIVE_INFINITY) throw this.#tooFew(rows);
      if (rows.length === batchSize || (rows.length > 0 && !dropLast)) {
        this.#batches++;
        return { rows };
      }
      for (const { source } of rows) this.#lanes[source]?.leaveOver(1);
    }
    return undefined;
  }

  /** Goes to where it stands in every source. */
  async ready(): Promise<void> {
    for (const lane of this.#lanes) await lane.ready();
  }

  /** Whether the next batch begins a new scope, so that the state says all. */
  isScopeOver(): boolean {
    return this.#way.isScopeOver();
  }

  state(): MixtureState {
    return {
      draws: this.#draws,
      batches: this.#batches,
      place: this.#way.place(),
      lanes: this.#lanes.map((lane) => lane.state()),
    };
  }

  counts(): readonly SourceCounts[] {
    return this.#lanes.map((lane) => lane.counts());
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #drawing(): Drawing<Row> {
    const add = async (lane: SourceLane<Row>, rows: SampledRow<Row>[]) => {
      const group = await lane.take(this.#used);
      for (const row of group ?? []) rows.push({ source: lane.index, ...row });
      return group !== undefined;
    };
    return {
      options: this.#options,
      lanes: this.#lanes,
      openLanes: () => this.#lanes.filter(({ weight, isFinished }) => weight > 0 && !isFinished),
      draw: (among) => {
        if (among.length === 0) return undefined;
        const weights = among.map(({ weight }) => weight);
        return among[weightedDraw(weights, uniformAt(this.#drawKey, this.#draws++))];
      },
      beginScope: () => {
        this.#used = new Set();
        for (const lane of this.#lanes) lane.beginScope();
      },
      add,
      fill: async (lane) => {
        const rows: SampledRow<Row>[] = [];
        while (rows.length < this.#options.batchSize && (await add(lane, rows)));
        return rows;
      },
    };
  }

  #tooFew(rows: readonly SampledRow<Row>[]): DataError {
    const { batchSize, sources, mixing, duplicateScope } = this.#options;
    const place = this.#way.place();
    const index = mixing === "rounds" ? place?.["source"] : rows[0]?.source;
    const columns = index === undefined ? undefined : sources[index]?.columns;
    const names = sources
      .filter((one, i) => (mixing === "batch" ? one.weight > 0 && one.columns === columns : i === index))
      .map(({ name }) => name);
    const scope = duplicateScope === "round" ? ", in a round" : "";
    return new DataError(
      { file: (names.length > 0 ? names : sources.map(({ name }) => name)).join(", ") },
      `createSampler: too few different rows. Got ${rows.length} without a text in common, expected batchSize = ${batchSize}${scope}. ` +
        'Lower batchSize, set epochs (batches may be smaller then), or set duplicates to "allow" and mask them in the loss.',
      { rows: rows.length, batchSize },
    );
  }
}

/** `mixing: "batch"`: the source of every row is drawn by weight. The first row's source decides the number of columns. */
function mixedBatches<Row extends TextsRow>(drawing: Drawing<Row>): WayOfMixing<Row> {
  const { batchSize } = drawing.options;
  return {
    async next() {
      let open = drawing.openLanes();
      if (open.length === 0) return undefined;
      drawing.beginScope();
      const rows: SampledRow<Row>[] = [];
      while (rows.length < batchSize) {
        const lane = drawing.draw(open);
        if (lane === undefined) break;
        const isFirst = rows.length === 0;
        if (!(await drawing.add(lane, rows))) open = open.filter((other) => other !== lane);
        else if (isFirst) open = withColumnsOf(lane, open);
      }
      return rows;
    },
    isScopeOver: () => true,
    place: () => null,
  };
}

/** The source of a run, by index, and the batches given in it; the runs before it in its round. */
type Run = { readonly source: number; readonly step: number; readonly runsBefore: number };

/**
 * `mixing: "rounds"`: the source of a run of `roundSteps` batches is drawn by weight; `runsPerRound` runs of one number of columns are a
 * round.
 *
 * @see N. Reimers, se-pytorch-xla (2021), train_many_data_files_v2.py
 */
function rounds<Row extends TextsRow>(drawing: Drawing<Row>, place: MixingPlace): WayOfMixing<Row> {
  const { duplicateScope, runsPerRound, roundSteps } = drawing.options;
  let run: Run | null = runAt(place);

  /** The run to go on with, or a new one. A round ends early when no source with its number of columns has rows left. */
  function presentRun(): Run | undefined {
    const lane = run === null ? undefined : drawing.lanes[run.source];
    if (run !== null && lane?.isFinished === false && run.step < roundSteps) return run;
    const open = drawing.openLanes();
    if (run !== null && lane !== undefined && run.runsBefore + 1 < runsPerRound) {
      const next = drawing.draw(withColumnsOf(lane, open));
      if (next !== undefined) return { source: next.index, step: 0, runsBefore: run.runsBefore + 1 };
    }
    const first = drawing.draw(open);
    return first && { source: first.index, step: 0, runsBefore: 0 };
  }

  return {
    async next() {
      if (drawing.openLanes().length === 0) return undefined;
      const present = presentRun();
      const lane = present && drawing.lanes[present.source];
      if (present === undefined || lane === undefined) return [];
      if (duplicateScope === "batch" || (present.runsBefore === 0 && present.step === 0)) drawing.beginScope();
      run = { ...present, step: present.step + 1 };
      return drawing.fill(lane);
    },
    isScopeOver: () =>
      duplicateScope === "batch" || run === null || (run.runsBefore === runsPerRound - 1 && run.step === roundSteps),
    place: () => run,
  };
}

function runAt(place: MixingPlace): Run | null {
  if (place === null) return null;
  const { source = 0, step = 0, runsBefore = 0 } = place;
  return { source, step, runsBefore };
}

/**
 * The index that a uniform number picks among weights: index i with probability weights[i] / Σ weights.
 *
 * Cuts [0, Σ weights) into one interval for each weight, in order. A weight of 0 is never picked.
 *
 * @param weights numbers from 0 up, one of them above 0
 * @param uniform in [0, 1)
 *
 * @example
 * ```ts
 * import { weightedDraw } from "@kindred/sampler";
 *
 * [0.1, 0.3, 0.9].map((uniform) => weightedDraw([1, 3], uniform)); // => [0, 1, 1]
 * ```
 */
export function weightedDraw(weights: readonly number[], uniform: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let left = uniform * total;
  let last = 0;
  for (const [index, weight] of weights.entries()) {
    if (weight === 0) continue;
    if (left < weight) return index;
    left -= weight;
    last = index;
  }
  // Rounding may leave a crumb beyond the last interval.
  return last;
}
