import { DataError } from "@kindred/errors";
import { childKey, type Key, uniformAt } from "@kindred/random";
import type { MixtureState } from "./create-sampler.ts";
import type { ResolvedOptions } from "./sampler-options.ts";
import { type SourceCounts, SourceLane, startOfLane } from "./source-lane.ts";
import type { TextsRow } from "./source.ts";

/** A row of a batch, as its source gave it: which source, by index, and the row's number there. */
export type SampledRow<Row extends TextsRow = TextsRow> = {
  readonly source: number;
  readonly index: number;
  readonly row: Row;
};

/** The rows of one optimizer step over all cores, all with the same number of texts. */
export type Batch<Row extends TextsRow = TextsRow> = { readonly rows: readonly SampledRow<Row>[] };

type Run = { readonly source: number; readonly step: number; readonly runsBefore: number };

/** Draws sources by weight and fills batches from their lanes. All of its randomness is in the key and one counter. */
export class Mixture<Row extends TextsRow> {
  readonly #options: ResolvedOptions<Row>;
  readonly #lanes: readonly SourceLane<Row>[];
  readonly #drawKey: Key;
  #draws: number;
  #batches: number;
  #run: Run | null;
  /** The texts of the present scope. */
  #used = new Set<string>();

  constructor(options: ResolvedOptions<Row>, state: MixtureState) {
    this.#options = options;
    this.#lanes = options.sources.map(
      (source, index) => new SourceLane(source, { index, options, state: state.lanes[index] ?? startOfLane }),
    );
    this.#drawKey = childKey(options.key, "mixture");
    ({ draws: this.#draws, batches: this.#batches, run: this.#run } = state);
  }

  /** The next batch; undefined when no source has rows left. */
  async next(): Promise<Batch<Row> | undefined> {
    while (this.#openLanes().length > 0) {
      const rows = this.#options.mixing === "batch" ? await this.#mixedRows() : await this.#rowsOfRun();
      if (rows.length < this.#options.batchSize && this.#options.epochs === Number.POSITIVE_INFINITY) {
        throw this.#tooFew(rows);
      }
      if (rows.length === 0) continue;
      this.#batches++;
      return { rows };
    }
    return undefined;
  }

  /** Goes to where it stands in every source. */
  async ready(): Promise<void> {
    for (const lane of this.#lanes) await lane.ready();
  }

  /** Whether the next batch begins a new scope, so that the state says all. */
  isScopeOver(): boolean {
    const { duplicateScope, runsPerRound, roundSteps } = this.#options;
    if (duplicateScope === "batch" || this.#run === null) return true;
    return this.#run.runsBefore === runsPerRound - 1 && this.#run.step === roundSteps;
  }

  state(): MixtureState {
    return {
      draws: this.#draws,
      batches: this.#batches,
      run: this.#run,
      lanes: this.#lanes.map((lane) => lane.state()),
    };
  }

  counts(): readonly SourceCounts[] {
    return this.#lanes.map((lane) => lane.counts());
  }

  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  /** A batch of rows whose sources are drawn one by one. The first row's source decides the number of columns. */
  async #mixedRows(): Promise<readonly SampledRow<Row>[]> {
    this.#beginScope();
    const rows: SampledRow<Row>[] = [];
    let open = this.#openLanes();
    while (rows.length < this.#options.batchSize) {
      const lane = this.#draw(open);
      if (lane === undefined) break;
      const row = await lane.take(this.#used);
      if (row === undefined) open = open.filter((other) => other !== lane);
      else if (rows.push({ source: lane.index, ...row }) === 1) open = withColumnsOf(lane, open);
    }
    return rows;
  }

  /** A batch of the run's source. */
  async #rowsOfRun(): Promise<readonly SampledRow<Row>[]> {
    const { duplicateScope, batchSize } = this.#options;
    const run = this.#presentRun();
    const lane = run && this.#lanes[run.source];
    if (run === undefined || lane === undefined) return [];
    if (duplicateScope === "batch" || (run.runsBefore === 0 && run.step === 0)) this.#beginScope();
    this.#run = { ...run, step: run.step + 1 };
    const rows: SampledRow<Row>[] = [];
    while (rows.length < batchSize) {
      const row = await lane.take(this.#used);
      if (row === undefined) break;
      rows.push({ source: lane.index, ...row });
    }
    return rows;
  }

  /** The run to go on with, or a new one. A round ends early when no source with its number of columns has rows left. */
  #presentRun(): Run | undefined {
    const { roundSteps, runsPerRound } = this.#options;
    const run = this.#run;
    const lane = run === null ? undefined : this.#lanes[run.source];
    if (run !== null && lane?.isFinished === false && run.step < roundSteps) return run;
    const open = this.#openLanes();
    if (run !== null && lane !== undefined && run.runsBefore + 1 < runsPerRound) {
      const next = this.#draw(withColumnsOf(lane, open));
      if (next !== undefined) return { source: next.index, step: 0, runsBefore: run.runsBefore + 1 };
    }
    const first = this.#draw(open);
    return first && { source: first.index, step: 0, runsBefore: 0 };
  }

  #beginScope(): void {
    this.#used = new Set();
    for (const lane of this.#lanes) lane.beginScope();
  }

  /** The sources that may be drawn. */
  #openLanes(): readonly SourceLane<Row>[] {
    return this.#lanes.filter(({ source, isFinished }) => source.weight > 0 && !isFinished);
  }

  /** One of these sources by weight: what drawing from all and rejecting the others would give. Undefined, and no draw, of none. */
  #draw(among: readonly SourceLane<Row>[]): SourceLane<Row> | undefined {
    if (among.length === 0) return undefined;
    const weights = among.map(({ source }) => source.weight);
    return among[weightedDraw(weights, uniformAt(this.#drawKey, this.#draws++))];
  }

  #tooFew(rows: readonly SampledRow<Row>[]): DataError {
    const { batchSize, sources, mixing, duplicateScope } = this.#options;
    const index = mixing === "rounds" ? this.#run?.source : rows[0]?.source;
    const columns = index === undefined ? undefined : sources[index]?.columns;
    const names = sources
      .filter((one, i) => (mixing === "rounds" ? i === index : one.weight > 0 && one.columns === columns))
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

function withColumnsOf<Row extends TextsRow>(
  { source: { columns } }: SourceLane<Row>,
  among: readonly SourceLane<Row>[],
): readonly SourceLane<Row>[] {
  return among.filter(({ source }) => source.columns === columns);
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
