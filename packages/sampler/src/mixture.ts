import { DataError } from "@kindred/errors";
import { childKey, type Key, uniformAt } from "@kindred/random";
import type { Batch, SampledRow } from "./batch.ts";
import type { MixtureState } from "./sampler-cursor.ts";
import type { ResolvedOptions } from "./sampler-options.ts";
import { type SourceCounts, SourceLane } from "./source-lane.ts";
import { weightedDraw } from "./weighted-draw.ts";

type Run = { readonly source: number; readonly step: number; readonly runsBefore: number };

/** Draws sources by weight and fills batches from their lanes. All of its randomness is in the key and one counter. */
export class Mixture {
  readonly #options: ResolvedOptions;
  readonly #lanes: readonly SourceLane[];
  readonly #drawKey: Key;
  #draws: number;
  #batches: number;
  #run: Run | null;
  /** The texts of the present scope. */
  #used = new Set<string>();

  constructor(options: ResolvedOptions, state: MixtureState) {
    this.#options = options;
    this.#lanes = options.sources.map((source, index) => new SourceLane(source, options, state.lanes[index]!));
    this.#drawKey = childKey(options.key, "mixture");
    ({ draws: this.#draws, batches: this.#batches, run: this.#run } = state);
  }

  /** The next batch; undefined when no source has rows left. */
  async next(): Promise<Batch | undefined> {
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
  async #mixedRows(): Promise<readonly SampledRow[]> {
    this.#beginScope();
    const rows: SampledRow[] = [];
    let open = this.#openLanes();
    while (rows.length < this.#options.batchSize && open.length > 0) {
      const source = this.#draw(open);
      const row = await this.#lanes[source]!.take(this.#used);
      if (row === undefined) open = open.filter((other) => other !== source);
      else if (rows.push({ source, ...row }) === 1) open = this.#withColumnsOf(source, open);
    }
    return rows;
  }

  /** A batch of the run's source. */
  async #rowsOfRun(): Promise<readonly SampledRow[]> {
    const { duplicateScope, batchSize } = this.#options;
    const run = this.#presentRun();
    if (duplicateScope === "batch" || (run.runsBefore === 0 && run.step === 0)) this.#beginScope();
    this.#run = { ...run, step: run.step + 1 };
    const rows: SampledRow[] = [];
    while (rows.length < batchSize) {
      const row = await this.#lanes[run.source]!.take(this.#used);
      if (row === undefined) break;
      rows.push({ source: run.source, ...row });
    }
    return rows;
  }

  /** The run to go on with, or a new one. A round ends early when no source with its number of columns has rows left. */
  #presentRun(): Run {
    const { roundSteps, runsPerRound } = this.#options;
    const run = this.#run;
    if (run !== null && run.step < roundSteps && !this.#lanes[run.source]!.isFinished) return run;
    const open = this.#openLanes();
    const sameColumns = run !== null && run.runsBefore + 1 < runsPerRound ? this.#withColumnsOf(run.source, open) : [];
    if (run === null || sameColumns.length === 0) return { source: this.#draw(open), step: 0, runsBefore: 0 };
    return { source: this.#draw(sameColumns), step: 0, runsBefore: run.runsBefore + 1 };
  }

  #beginScope(): void {
    this.#used = new Set();
    for (const lane of this.#lanes) lane.beginScope();
  }

  /** The indices of the sources that may be drawn. */
  #openLanes(): readonly number[] {
    return [...this.#lanes.keys()].filter((source) => {
      const lane = this.#lanes[source]!;
      return lane.source.weight > 0 && !lane.isFinished;
    });
  }

  #withColumnsOf(source: number, among: readonly number[]): readonly number[] {
    const { columns } = this.#lanes[source]!.source;
    return among.filter((other) => this.#lanes[other]!.source.columns === columns);
  }

  /** One of these sources by weight: what drawing from all and rejecting the others would give. */
  #draw(among: readonly number[]): number {
    const weights = among.map((source) => this.#lanes[source]!.source.weight);
    return among[weightedDraw(weights, uniformAt(this.#drawKey, this.#draws++))]!;
  }

  #tooFew(rows: readonly SampledRow[]): DataError {
    const { batchSize, sources, mixing, duplicateScope } = this.#options;
    const source = mixing === "rounds" ? this.#run?.source : rows[0]?.source;
    const columns = source === undefined ? undefined : sources[source]!.columns;
    const names = sources
      .filter((one, index) => (mixing === "rounds" ? index === source : one.weight > 0 && one.columns === columns))
      .map(({ name }) => name);
    const scope = duplicateScope === "round" ? ", in a round" : "";
    return new DataError(
      { file: names.join(", ") || sources[0]!.name },
      `createSampler: too few different rows. Got ${rows.length} without a text in common, expected batchSize = ${batchSize}${scope}. ` +
        'Lower batchSize, set epochs (batches may be smaller then), or set duplicates to "allow" and mask them in the loss.',
      { rows: rows.length, batchSize },
    );
  }
}
