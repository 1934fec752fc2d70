import { ConfigError } from "@kindred/errors";
import type { Loss, VectorRows } from "@kindred/loss";
import { type BatchShare, dealBatch } from "./deal-batch.ts";
import type { TrainableModel } from "./trainable-model.ts";
import type { BatchSampler } from "./training-data.ts";

/** What makes vectors for a loss that asks for another model's: a guide, a teacher. A `SentenceEncoder` is one. */
export type Guide = {
  /** A vector for each text. */
  encode(texts: readonly string[]): Promise<VectorRows>;
};

/** What batches are made of. */
export type BatchParts = {
  readonly sampler: BatchSampler;
  readonly model: Pick<TrainableModel, "tokenizer" | "settings">;
  readonly loss: Pick<Loss, "name" | "needs">;
  /** The models whose vectors the loss asks for, by their names in its `needs.vectors`. Default: none. */
  readonly guides?: { readonly [name: string]: Guide };
};

/** A global batch, dealt. */
export type DrawnBatch = {
  readonly shares: readonly BatchShare[];
  /** Where the sampler stood after it. */
  readonly cursor: unknown;
  readonly pairs: number;
  readonly tokens: number;
};

/** The next global batch as tokens, dealt to the cores. Its promise may be left alone: a failure shows where it is awaited. */
export function drawBatch(parts: BatchParts, cores: number): Promise<DrawnBatch> {
  const batch = draw(parts, cores);
  batch.catch(() => {});
  return batch;
}

async function draw({ sampler, model, loss, guides = {} }: BatchParts, cores: number): Promise<DrawnBatch> {
  const batch = await sampler.next();
  if (batch === undefined || batch.rows.length < cores)
    throw new ConfigError(
      `train: the sampler gave too little for a step. Got ${batch === undefined ? "no batch" : `${batch.rows.length} rows`}, expected batches without end of at least a row for each of ${cores} cores.`,
    );
  const rows = batch.rows.map(({ row, source }) => (source === undefined ? row : { ...row, source }));
  const cursor = sampler.cursor();
  const columns = columnsOf(rows);
  const { maxSeqLength: maxLength } = model.settings;
  const tokens = columns.map((column) => model.tokenizer.encodeBatch(column, { maxLength }));
  const shares = dealBatch(rows, tokens, { cores, loss });
  const gathered = shares.flatMap((share) => [...share.rows]);
  const vectors: { [name: string]: VectorRows[] } = {};
  for (const name of loss.needs?.vectors ?? []) {
    const ofColumns: VectorRows[] = [];
    // `!`: columns are as long as the batch, of which `gathered` are the rows.
    for (const column of columns)
      ofColumns.push(await guideNamed(name, guides).encode(gathered.map((row) => column[row]!)));
    vectors[name] = ofColumns;
  }
  return {
    shares: shares.map((share) => ({ ...share, data: { ...share.data, vectors } })),
    cursor,
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

function guideNamed(name: string, guides: { readonly [name: string]: Guide }): Guide {
  const guide = guides[name];
  if (guide !== undefined) return guide;
  throw new ConfigError(`train: the model ${name}, whose vectors the loss asks for, is missing. Give it in guides.`, {
    guide: name,
  });
}

/**
 * Refuses a run whose loss asks for other models' vectors than there are models for.
 *
 * @param names of the models that are given
 * @throws ConfigError naming the model, and how to give it
 *
 * @example
 * ```ts
 * import { expectGuides } from "@kindred/trainer";
 *
 * expectGuides({ name: "guided", needs: { vectors: ["guide"] } }, ["guide"]); // => undefined
 * ```
 */
export function expectGuides({ name, needs }: Pick<Loss, "name" | "needs">, names: readonly string[]): void {
  const wanted = needs?.vectors ?? [];
  const missing = wanted.find((guide) => !names.includes(guide));
  if (missing !== undefined)
    throw new ConfigError(
      `train: the loss ${name} asks for the vectors of a model ${missing}. Got ${names.length === 0 ? "none" : names.join(", ")}, expected ${wanted.join(", ")}. Give its folder: guides = ["${missing}=FOLDER"], --guides ${missing}=FOLDER.`,
      { guide: missing },
    );
  const unused = names.find((guide) => !wanted.includes(guide));
  if (unused !== undefined)
    throw new ConfigError(
      `train: the loss ${name} does not ask for the vectors of ${unused}. Got guides ${names.join(", ")}, expected ${wanted.length === 0 ? "none" : wanted.join(", ")}. Leave it out.`,
      { guide: unused },
    );
}
