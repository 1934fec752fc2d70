import { ConfigError, nearestName } from "@kindred/errors";
import type { Key } from "@kindred/random";
import type { RowGroupName, RowOrder, Source, TextsRow } from "./source.ts";
import { knownLength, temperatureWeights } from "./source-weights.ts";

/** Options of {@link createSampler}. */
export type SamplerOptions<Row extends TextsRow = TextsRow> = {
  /** At least one, with different names, and one weight above 0. */
  readonly sources: readonly Source<Row>[];
  /** Rows in a batch over all cores: the number of pairs that are each other's negatives. */
  readonly batchSize: number;
  /** Names all random choices: the same key and sources give the same batches. */
  readonly key: Key;
  /**
   * `"batch"` (default): the source of every row is drawn by weight, so each batch is a mixture. `"rounds"`: the source
   * of a run of `roundSteps` batches is drawn by weight, so each batch has one source, as in the original trainer.
   * `"round_robin"`: one batch of each source in turn. `"proportional"`: batches of one source, each source as often as it has batches, in
   * random order. Weights say nothing to these two but which sources are never drawn (0).
   */
  readonly mixing?: Mixing | undefined;
  /**
   * Weights by size: each source's weight is multiplied by rows^(1 / temperature), as {@link temperatureWeights} says. A stream has to know its
   * `lines`. Only for `"batch"` and `"rounds"`. Default: the weights as they are.
   */
  readonly temperature?: number | undefined;
  /** Batches in a run of one source, default 4. Only for rounds. */
  readonly roundSteps?: number | undefined;
  /** Runs in a round, default 2. The rows of a round have one column count. Only for rounds. */
  readonly runsPerRound?: number | undefined;
  /**
   * What happens to a row with a text that its batch already has. `"defer"` (default): it waits for a later batch.
   * `"drop"`: it is left out, as in the original trainer. `"allow"`: nothing; the loss should mask equal texts then.
   */
  readonly duplicates?: "defer" | "drop" | "allow" | undefined;
  /** Where no text may stand twice: in a `"batch"` (default) or, with rounds, in a whole `"round"`, as in the original. */
  readonly duplicateScope?: "batch" | "round" | undefined;
  /** How many rows of a source may wait, default 4 · batchSize, and 16,384 at least. Of more, the oldest is left out and counted. */
  readonly deferLimit?: number | undefined;
  /**
   * `"shuffle"` (default): a new order each epoch; `"file"`: row 0, 1, 2 …; `"file-first"`: so in the first epoch, and a new order in each
   * later one, as the original trainer had it. A source may say otherwise of itself. Streams are always in file order.
   */
  readonly order?: RowOrder | undefined;
  /**
   * A row that holds one text twice is left out (`"drop"`, default), as it has no answer that differs from its question; or kept (`"keep"`),
   * as in the original trainer. With duplicates `"allow"` it is always kept.
   */
  readonly ownTextTwice?: "drop" | "keep" | undefined;
  /**
   * `"keep"` (default), or `"lose"`: the first row of every source is read and thrown away, as the original trainer did to count its columns.
   */
  readonly firstRows?: "keep" | "lose" | undefined;
  /**
   * Rows come into batches in twos for which this gives the same: a label, for losses that compare rows of one label with those of others. A
   * row that has no other of its label is left out and counted. `batchSize` is even then, and rows are at hand. Default: rows come alone.
   */
  readonly groupBy?: ((row: Row) => RowGroupName | undefined) | undefined;
  /** How often each source is read through, default without end. */
  readonly epochs?: number | undefined;
  /** With `epochs`: whether rows of which no full batch can be made any more are left out and counted. Default false: they are smaller batches. */
  readonly dropLast?: boolean | undefined;
  /** Where to go on: what {@link Sampler.cursor} gave, over the same sources and options. It may have been JSON in between. */
  readonly cursor?: unknown;
};

/** How sources mix. */
export type Mixing = "batch" | "rounds" | "round_robin" | "proportional";

/** The options with every default filled in, and how often each source is drawn. */
export type ResolvedOptions<Row extends TextsRow = TextsRow> = {
  readonly [name in Exclude<keyof SamplerOptions<Row>, "cursor" | "groupBy" | "temperature">]-?: NonNullable<
    SamplerOptions<Row>[name]
  >;
} & { readonly weights: readonly number[] } & {
  readonly [name in "groupBy" | "temperature"]: SamplerOptions<Row>[name];
};

/** Fills in the defaults and refuses what cannot be meant. @throws ConfigError naming the option. */
export function resolveOptions<Row extends TextsRow>(options: SamplerOptions<Row>): ResolvedOptions<Row> {
  const { sources, batchSize, key } = options;
  const { mixing = "batch", duplicates = "defer", duplicateScope = "batch", order = "shuffle" } = options;
  const { ownTextTwice = "drop", firstRows = "keep" } = options;
  const { temperature, groupBy, dropLast = false } = options;
  expectOneOf("mixing", mixing, ["batch", "rounds", "round_robin", "proportional"]);
  expectOneOf("duplicates", duplicates, ["defer", "drop", "allow"]);
  expectOneOf("duplicateScope", duplicateScope, ["batch", "round"]);
  expectOneOf("order", order, rowOrders);
  expectOneOf("ownTextTwice", ownTextTwice, ["drop", "keep"]);
  expectOneOf("firstRows", firstRows, ["keep", "lose"]);
  expectWhole("batchSize", batchSize, 1);
  const {
    roundSteps = 4,
    runsPerRound = 2,
    deferLimit = Math.max(4 * batchSize, 16_384),
    epochs = Number.POSITIVE_INFINITY,
  } = options;
  expectWhole("roundSteps", roundSteps, 1);
  expectWhole("runsPerRound", runsPerRound, 1);
  expectWhole("deferLimit", deferLimit, 0);
  if (epochs !== Number.POSITIVE_INFINITY) expectWhole("epochs", epochs, 1);
  if (duplicateScope === "round" && mixing !== "rounds") {
    throw new ConfigError(
      `createSampler: there are no rounds. Got duplicateScope "round" with mixing "${mixing}", expected mixing "rounds".`,
    );
  }
  checkSources(sources);
  expectGroups(options);
  return {
    sources,
    weights: weightsOf(sources, mixing, temperature),
    batchSize,
    key,
    mixing,
    temperature,
    roundSteps,
    runsPerRound,
    duplicates,
    duplicateScope,
    deferLimit,
    order,
    ownTextTwice,
    firstRows,
    groupBy,
    epochs,
    dropLast,
  };
}

/** How often sources are drawn. Refuses sizes that are not known where the mixing goes by them, and weights where it does not. */
function weightsOf(sources: readonly Source[], mixing: Mixing, temperature: number | undefined): readonly number[] {
  const weights = sources.map(({ weight }) => weight);
  if (temperature !== undefined && !(temperature > 0))
    throw new ConfigError(
      `createSampler: the temperature is wrong. Got ${temperature}, expected a number above 0 (--mixing-temperature).`,
      { temperature },
    );
  if (mixing === "batch" || mixing === "rounds")
    return temperature === undefined ? weights : temperatureWeights(sources, temperature);
  if (temperature !== undefined)
    throw new ConfigError(
      `createSampler: mixing "${mixing}" draws by no weights. Got temperature ${temperature}. Leave it out (--mixing-temperature), or take mixing "batch" or "rounds" (--mixing).`,
      { temperature, mixing },
    );
  const different = new Set(weights.filter((weight) => weight > 0));
  if (different.size > 1)
    throw new ConfigError(
      `createSampler: mixing "${mixing}" draws by no weights. Got weights ${[...different].join(", ")}, expected the same for all, or 0. Make them equal, or take mixing "batch" or "rounds" (--mixing).`,
      { weights, mixing },
    );
  if (mixing === "proportional") for (const source of sources) if (source.weight > 0) knownLength(source);
  return weights;
}

/**
 * What share of the rows comes from each source, in the long run: by weight, as many from each (`"round_robin"`), or by size
 * (`"proportional"`). Every row of a source is as likely as any other.
 *
 * @throws ConfigError as {@link temperatureWeights} does
 *
 * @example
 * ```ts
 * import { sourceShares } from "@kindred/sampler";
 *
 * const source = (name: string, length: number) => ({ name, weight: 1, columns: 1, length, row: () => ({ texts: ["a"] }) });
 * const sources = [source("small", 1000), source("large", 3000)];
 * sourceShares({ sources }); // => [0.5, 0.5]
 * sourceShares({ sources, mixing: "proportional" }); // => [0.25, 0.75]
 * ```
 */
export function sourceShares<Row extends TextsRow>({
  sources,
  mixing = "batch",
  temperature,
}: Pick<SamplerOptions<Row>, "sources" | "mixing" | "temperature">): number[] {
  const bySize = mixing === "proportional" ? 1 : temperature;
  const parts =
    bySize === undefined || mixing === "round_robin"
      ? sources.map(({ weight }) => (mixing === "round_robin" ? Number(weight > 0) : weight))
      : temperatureWeights(sources, bySize);
  const all = parts.reduce((sum, part) => sum + part, 0);
  return parts.map((part) => part / all);
}

/** Refuses what cannot come in twos. */
function expectGroups<Row extends TextsRow>({ groupBy, batchSize, sources }: SamplerOptions<Row>): void {
  if (groupBy === undefined) return;
  if (batchSize % 2 === 1)
    throw new ConfigError(
      `createSampler: rows of a label come in twos. Got batchSize ${batchSize}, expected an even one (--batch-size).`,
      { batchSize },
    );
  const stream = sources.find((source) => source.weight > 0 && !("length" in source));
  if (stream !== undefined)
    throw new ConfigError(
      `createSampler: rows of a label can be brought together only where all are at hand. Got ${stream.name}, which is streamed. Raise --max-rows-in-memory, or leave --group-by-label out.`,
      { source: stream.name },
    );
}

const rowOrders: readonly RowOrder[] = ["shuffle", "file", "file-first"];

function checkSources(sources: readonly Source[]): void {
  const names = new Set<string>();
  for (const source of sources) {
    const { name, weight, columns, order } = source;
    if (names.has(name)) {
      throw new ConfigError(`createSampler: two sources have one name. Got ${name} twice, expected different names.`, {
        name,
      });
    }
    names.add(name);
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new ConfigError(
        `createSampler: the weight of ${name} is wrong. Got ${weight}, expected a number from 0 up.`,
        { name, weight },
      );
    }
    expectWhole(`columns of ${name}`, columns, 1);
    if (order !== undefined) expectOneOf(`order of ${name}`, order, rowOrders);
    if ("length" in source) expectWhole(`length of ${name}`, source.length, 1);
    else if (source.lines !== undefined) expectWhole(`lines of ${name}`, source.lines, 1);
  }
  if (!sources.some(({ weight }) => weight > 0)) {
    throw new ConfigError(
      `createSampler: nothing to draw from. Got ${sources.length} sources, expected one with a weight above 0.`,
    );
  }
}

function expectOneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  const nearest = nearestName(value, known);
  const advice = nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
  throw new ConfigError(
    `createSampler: unknown ${name}. Got ${JSON.stringify(value)}, expected ${known.map((one) => `"${one}"`).join(" or ")}.${advice}`,
    { [name]: value },
  );
}

function expectWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ConfigError(`createSampler: ${name} is wrong. Got ${value}, expected a whole number from ${least} up.`, {
    [name]: value,
  });
}
