import { ConfigError } from "@kindred/errors";
import { batchData, type Loss, type LossData, type LossRow } from "@kindred/loss";
import { shardRows } from "@kindred/mesh";
import { selectSentences, type TokenBatch } from "@kindred/sentence-encoder";
import type { StepRunner } from "@kindred/tpu-sharding";
import { type Guide, guideVectors } from "./guides.ts";
import { type AlikeChunksOptions, alikeChunks } from "./alike-chunks.ts";
import type { TrainableModel } from "./trainable-model.ts";
import type { BatchSampler } from "./training-steps.ts";

/** One core's part of a global batch. */
export type BatchShare = {
  /** This core's texts of each column, as token ids: `columns[c]` holds row r of the share as its sentence r. */
  readonly columns: readonly TokenBatch[];
  /** The number of each of its rows in the global batch as it was drawn; dropout counts by it. */
  readonly rows: Int32Array;
  /** How many rows the cores before this one have: where its rows begin in the gathered batch. */
  readonly firstRow: number;
  /** What the loss needs to know of the gathered batch, of all cores' rows: which texts are equal, scores, labels. */
  readonly data: Partial<LossData>;
  /** Its sentences, column after column, in chunks that are alike on all devices: see `withAlikeChunks`. Default: a core cuts them itself. */
  readonly chunks?: readonly NumberedSentences[];
};

/** Whom a batch is dealt to, and for what. */
export type Deal = { readonly cores: number; readonly loss: Pick<Loss, "name" | "needs"> };

/**
 * A global batch, dealt to cores so that each has as many rows as the others (one more at most) and about as many tokens.
 *
 * The longest rows are dealt first, each to the core with the fewest tokens that still lacks rows. The result depends on
 * nothing but the arguments.
 *
 * `rows[r].texts[c]` is the text of row r in column c; `tokens[c]` holds the same texts as tokens.
 *
 * @throws DataError naming a row without a score or label that the loss needs
 *
 * @example
 * ```ts
 * import { dealBatch } from "@kindred/trainer";
 *
 * const rows = [["a", "b c d"], ["e", "f"], ["g", "h"]].map((texts, i) => ({ texts, scores: [i] }));
 * const tokens = [
 *   { ids: Int32Array.of(1, 5, 7), starts: Int32Array.of(0, 1, 2, 3) },
 *   { ids: Int32Array.of(2, 3, 4, 6, 8), starts: Int32Array.of(0, 3, 4, 5) },
 * ];
 * const shares = dealBatch(rows, tokens, { cores: 2, loss: { name: "judged", needs: { scores: "row" } } });
 * shares.map(({ firstRow, rows }) => [firstRow, ...rows]); // => [[0, 0, 2], [2, 1]]
 * shares[1]?.data.scores; // => [0, 2, 1]
 * ```
 */
export function dealBatch(
  rows: readonly LossRow[],
  tokens: readonly TokenBatch[],
  { cores, loss }: Deal,
): BatchShare[] {
  const shares = dealRows(rowLengths(tokens, rows.length), cores);
  const gathered = shares.flat().flatMap((row) => rows[row] ?? []);
  const data = batchData(loss, gathered);
  let firstRow = 0;
  return shares.map((share) => {
    const own = Int32Array.from(share);
    const columns = tokens.map((column) => selectSentences(column, own));
    firstRow += own.length;
    return { columns, rows: own, firstRow: firstRow - own.length, data };
  });
}

/** Tokens of each row, of all its texts. */
function rowLengths(tokens: readonly TokenBatch[], rows: number): number[] {
  const lengths = Array.from({ length: rows }, () => 0);
  for (const { starts } of tokens) {
    let start = 0;
    for (const [row, end] of starts.subarray(1).entries()) {
      lengths[row] = (lengths[row] ?? 0) + end - start;
      start = end;
    }
  }
  return lengths;
}

function dealRows(lengths: readonly number[], cores: number): number[][] {
  const shares = Array.from({ length: cores }, (_, core) => ({
    room: shardRows(lengths.length, cores, core).count,
    tokens: 0,
    rows: [] as number[],
  }));
  const longestFirst = [...lengths.entries()].sort(([a, one], [b, other]) => other - one || a - b);
  for (const [row, length] of longestFirst) {
    const open = shares.filter(({ room, rows }) => rows.length < room);
    const share = open.reduce((least, other) => (other.tokens < least.tokens ? other : least));
    share.rows.push(row);
    share.tokens += length;
  }
  return shares.map(({ rows }) => rows);
}

/** Sentences end to end, with a number for each that no other sentence of the global batch has. */
export type NumberedSentences = { readonly batch: TokenBatch; readonly rows: Int32Array };

/**
 * The sentences of all columns of a share, column after column, as one batch: all go through the model with the same weights, and
 * a product of many rows is faster than two of half as many. Row r of the global batch has the number c · totalRows + r in column c.
 */
export function joinColumns({ columns, rows }: BatchShare, totalRows: number): NumberedSentences {
  const ids = new Int32Array(columns.reduce((sum, column) => sum + column.ids.length, 0));
  const starts = new Int32Array(columns.length * rows.length + 1);
  let [token, sentence] = [0, 0];
  for (const column of columns) {
    ids.set(column.ids, token);
    for (const end of column.starts.subarray(1)) starts[++sentence] = token + end;
    token += column.ids.length;
  }
  const numbers = columns.map((_, column) => Array.from(rows, (row) => column * totalRows + row));
  return { batch: { ids, starts }, rows: Int32Array.from(numbers.flat()) };
}

/**
 * Sentences cut, in order, into chunks of at most `maxTokens` tokens. A sentence longer than that is a chunk of its own. What fits
 * is one chunk.
 */
export function tokenChunks({ batch, rows }: NumberedSentences, maxTokens: number): NumberedSentences[] {
  const chunks: NumberedSentences[] = [];
  let [first, begin, previousEnd] = [0, 0, 0];
  const cut = (next: number) => {
    const sentences = Int32Array.from({ length: next - first }, (_, i) => first + i);
    chunks.push({ batch: selectSentences(batch, sentences), rows: rows.slice(first, next) });
    [first, begin] = [next, previousEnd];
  };
  for (const [sentence, end] of batch.starts.subarray(1).entries()) {
    if (sentence > first && end - begin > maxTokens) cut(sentence);
    previousEnd = end;
  }
  if (rows.length > first) cut(rows.length);
  return chunks;
}

/**
 * The shares of a batch for an engine that makes a program for each shape, all of as many rows: with the chunks that they are run in, which
 * are alike in shape on all devices.
 *
 * @example
 * ```ts
 * import { dealBatch, withAlikeChunks } from "@kindred/trainer";
 *
 * const rows = [["a", "b c d"], ["e", "f"]].map((texts) => ({ texts }));
 * const tokens = [
 *   { ids: Int32Array.of(1, 5), starts: Int32Array.of(0, 1, 2) },
 *   { ids: Int32Array.of(2, 3, 4, 6), starts: Int32Array.of(0, 3, 4) },
 * ];
 * const shares = dealBatch(rows, tokens, { cores: 2, loss: { name: "contrastive" } });
 * const alike = withAlikeChunks(shares, { totalRows: 2, maxBatchTokens: 64, blockRows: 4 });
 * alike.map(({ chunks }) => chunks?.map(({ batch }) => batch.layout?.fixed.blocks)); // => [[1], [1]]
 * ```
 */
export function withAlikeChunks(
  shares: readonly BatchShare[],
  { totalRows, ...options }: AlikeChunksOptions & { readonly totalRows: number },
): BatchShare[] {
  const chunks = alikeChunks(
    shares.map((share) => joinColumns(share, totalRows)),
    options,
  );
  return shares.map((share, i) => ({ ...share, chunks: chunks[i] ?? [] }));
}

/** What batches are made of. */
export type BatchParts = {
  readonly sampler: BatchSampler;
  readonly model: Pick<TrainableModel, "tokenizer" | "settings">;
  readonly loss: Pick<Loss, "name" | "needs">;
  /** The most tokens that a core runs forward and back at once. */
  readonly maxBatchTokens: number;
  /** Batches of a step, whose gradients are averaged. Default: 1. */
  readonly batchesOfStep?: number;
  /** The models whose vectors the loss asks for, by their names in its `needs.vectors`. Default: none. */
  readonly guides?: { readonly [name: string]: Guide };
  /** Tokens of a text that are read, by column, the last for all further ones. Default: as many as the model reads. */
  readonly columnLengths?: readonly number[];
  /** What stands before every text, by column, the last for all further ones. Guides read texts without it. Default: nothing. */
  readonly columnPrompts?: readonly string[];
};

/** A global batch, dealt. */
export type DrawnBatch = {
  readonly shares: readonly BatchShare[];
  /** Whether the one share is the whole batch, for all cores. */
  readonly whole: boolean;
  /** Where the sampler stood after it, and what had become of its rows by then. */
  readonly cursor: unknown;
  readonly counts: BatchSampler["counts"];
  /** As the sampler gave them, each with the number of its data set. */
  readonly rows: readonly LossRow[];
  readonly pairs: number;
  readonly tokens: number;
  /** More batches of the same step, whose gradients are averaged with this one's. Default: none. */
  readonly others?: readonly Pick<DrawnBatch, "shares" | "pairs">[];
};

/** To whom a batch that is drawn goes, as a step runner says of itself. */
type Receiver = Pick<StepRunner<never, never>, "cores" | "equalShares" | "processes" | "programs">;

/**
 * The next global batch as tokens, dealt to the cores; whole where their shares must be equal and cannot be. Of a run that is spread over
 * processes each draws the same batch, and gets the shares of its own cores: which rows those are depends on seed, step, and process of how
 * many alone.
 *
 * Its promise may be left alone: a failure shows where it is awaited.
 */
export function drawBatch(parts: BatchParts, to: Receiver): Promise<DrawnBatch> {
  const { batchesOfStep = 1 } = parts;
  const batch = batchesOfStep === 1 ? draw(parts, to) : drawSeveral(batchesOfStep, () => draw(parts, to));
  batch.catch(() => {});
  return batch;
}

/** The next batches as those of one step. */
async function drawSeveral(count: number, drawOne: () => Promise<DrawnBatch>): Promise<DrawnBatch> {
  const first = await drawOne();
  const all = [first];
  while (all.length < count) all.push(await drawOne());
  if (all.some(({ whole }) => whole !== first.whole))
    throw new ConfigError(
      "train: the batches of a step must all be shared by the devices, or none of them. Got both kinds, expected batches of one size from the sampler, or gradientAccumulationSteps 1 (--gradient-accumulation-steps).",
    );
  const { cursor, counts } = all.at(-1) ?? first;
  return {
    ...first,
    cursor,
    counts,
    rows: all.flatMap(({ rows }) => rows),
    tokens: all.reduce((sum, { tokens }) => sum + tokens, 0),
    others: all.slice(1),
  };
}

async function draw(
  { sampler, model, loss, maxBatchTokens, guides = {}, columnLengths = [], columnPrompts = [] }: BatchParts,
  { cores: own, equalShares, processes = { index: 0, count: 1 }, programs }: Receiver,
): Promise<DrawnBatch> {
  const batch = await sampler.next();
  const all = own * processes.count;
  const whole = equalShares && (batch?.rows.length ?? 0) % all !== 0;
  const cores = whole ? 1 : all;
  if (batch === undefined || batch.rows.length < cores)
    throw new ConfigError(
      `train: the sampler gave too little for a step. Got ${batch === undefined ? "no batch" : `${batch.rows.length} rows`}, expected batches without end of at least a row for each of ${cores} cores.`,
    );
  const rows = batch.rows.map(({ row, source }) => (source === undefined ? row : { ...row, source }));
  const [cursor, counts] = [sampler.cursor(), sampler.counts];
  const columns = columnsOf(rows);
  const { maxSeqLength } = model.settings;
  const tokens = columns.map((column, i) => {
    const maxLength = Math.min(maxSeqLength, columnLengths[i] ?? columnLengths.at(-1) ?? maxSeqLength);
    const prompt = columnPrompts[i] ?? columnPrompts.at(-1) ?? "";
    return model.tokenizer.encodeBatch(prompt === "" ? column : column.map((text) => prompt + text), { maxLength });
  });
  const dealt = dealBatch(rows, tokens, { cores, loss });
  const shares =
    programs === undefined
      ? dealt
      : withAlikeChunks(dealt, { totalRows: rows.length, maxBatchTokens, blockRows: programs.blockRows });
  const ownShares = whole ? shares : shares.slice(own * processes.index, own * (processes.index + 1));
  const gathered = shares.flatMap((share) => [...share.rows]);
  // `!`: columns are as long as the batch, of which `gathered` are the rows.
  const texts = columns.map((column) => gathered.map((row) => column[row]!));
  const vectors = await guideVectors(loss, texts, guides);
  return {
    shares: ownShares.map((share) => ({ ...share, data: { ...share.data, vectors } })),
    whole,
    cursor,
    counts,
    rows,
    pairs: rows.length,
    tokens: tokens.reduce((sum, { ids }) => sum + ids.length, 0),
  };
}

/** The first texts of all rows, the second texts, and so on. */
function columnsOf(rows: readonly { readonly texts: readonly string[] }[]): string[][] {
  const [first = []] = rows.map(({ texts }) => texts);
  const other = rows.find(({ texts }) => texts.length !== first.length);
  if (other !== undefined)
    throw new ConfigError(
      `train: the rows of a batch differ. Got ${other.texts.length} texts in one and ${first.length} in another, expected as many in each.`,
    );
  return first.map((_, column) => rows.map(({ texts }) => texts[column]!)); // rows are equally long
}
