import { type ModelFolder, newModule, newSettings, staticModelType, staticTableName } from "@kindred/model-folder";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { type StaticTableOptions, staticTableOf } from "@kindred/static-embeddings";
import { fromFloat32 } from "@kindred/tensor-files";
import { Tokenizer } from "@kindred/tokenizer";

/** How a static embedding is distilled. */
export type DistilStaticOptions = StaticTableOptions & {
  readonly signal?: AbortSignal;
  /** Called after each batch with how many of the tokens are encoded. */
  readonly onProgress?: (done: number, total: number) => void;
};

/** A static embedding that was distilled, as a folder is written of it. */
export type DistilledStatic = Pick<ModelFolder, "modules" | "tokenizer" | "settings"> & {
  /** How many tokens have a row of their own; the rows of others, which no text meets, are 0. */
  readonly tokens: number;
  /** What share of the mean square of the teacher's vectors the table keeps. */
  readonly share: number;
};

/**
 * A static embedding of a teacher: each token of its vocabulary goes through it alone, between the special tokens; the mean of the three last hidden
 * states, brought to fewer features and weighted ({@link staticTableOf}), is the token's row. Texts are cut by the teacher's tokenizer.
 *
 * Special tokens but padding and the unknown one, and `[unused0]` and its like, have no row and no rank. As model2vec 0.7 does it, but for the
 * tokenizer, which that makes a Unigram of its own from the same vocabulary.
 *
 * @param teacher of any family whose tokenizer puts special tokens around a text
 * @throws ConfigError for more features than the teacher has
 * @see Tulkens and van Dongen, Model2Vec, 2024
 *
 * @example
 * ```ts ignore
 * import { distilStatic } from "@kindred/distillation";
 * import { saveModelFolder } from "@kindred/model-folder/node";
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using teacher = await loadSentenceEncoder("all-MiniLM-L6-v2");
 * await saveModelFolder("static-minilm", await distilStatic(teacher, { dimension: 256 }));
 * ```
 */
export async function distilStatic(
  teacher: SentenceEncoder,
  { signal, onProgress, ...options }: DistilStaticOptions = {},
): Promise<DistilledStatic> {
  const { tokenizer } = teacher;
  const { sizes } = teacher.model.encoder;
  const rows = Math.min(tokenizer.vocabularySize, sizes.vocabulary);
  const ids = learntIds(tokenizer, rows);
  const embeddings = await tokenVectors(teacher, ids, { signal, onProgress });
  const { table, share } = await staticTableOf({ embeddings, dimension: sizes.hidden }, options);
  const { dimension } = table;
  const whole = new Float32Array(rows * dimension);
  for (const [i, id] of ids.entries())
    whole.set(table.embeddings.subarray(i * dimension, (i + 1) * dimension), id * dimension);
  const config = { model_type: staticModelType, vocab_size: rows, hidden_size: dimension };
  const named = [[staticTableName, fromFloat32(whole, [rows, dimension], "F32", { copy: false })]] as const;
  return {
    modules: [
      newModule("StaticEmbedding", config, named),
      newModule("Pooling", { pooling_mode: "mean", embedding_dimension: dimension }),
      newModule("Normalize"),
    ],
    tokenizer: new Tokenizer({ ...tokenizer.definition, bare: { dropsUnknown: false } }),
    settings: newSettings(),
    tokens: ids.length,
    share,
  };
}

/** The ids that get a row, in their order. */
function learntIds(tokenizer: Tokenizer, rows: number): Int32Array {
  const { pad, unknown } = tokenizer.specialIds;
  const special = new Set(tokenizer.definition.addedTokens.flatMap((token) => (token.special ? [token.id] : [])));
  special.delete(pad);
  if (unknown !== undefined) special.delete(unknown);
  const isLearnt = (id: number) => {
    const token = tokenizer.tokenOf(id);
    return token !== undefined && !special.has(id) && !/^\[unused\d+\]$/.test(token);
  };
  return Int32Array.from({ length: rows }, (_, id) => id).filter(isLearnt);
}

/** Tokens that go through the teacher at a time. */
const together = 2048;

async function tokenVectors(
  teacher: SentenceEncoder,
  tokens: Int32Array,
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal | undefined; readonly onProgress: DistilStaticOptions["onProgress"] },
): Promise<Float32Array> {
  const { bos, eos } = teacher.tokenizer.specialIds;
  const { hidden } = teacher.model.encoder.sizes;
  const vectors = new Float32Array(tokens.length * hidden);
  const length = 3;
  for (let done = 0; done < tokens.length; done += together) {
    const some = tokens.subarray(done, done + together);
    const ids = Int32Array.from(
      { length: length * some.length },
      (_, i) => (i % length === 0 ? bos : i % length === 2 ? eos : some[Math.floor(i / length)]!), // one for each three
    );
    const starts = Int32Array.from({ length: some.length + 1 }, (_, i) => length * i);
    const options = { outputValue: "tokenEmbeddings", ...(signal === undefined ? {} : { signal }) } as const;
    const { tokenEmbeddings } = await teacher.encodeTokens({ ids, starts, truncated: [] }, options);
    // `!`: a text has three states of `hidden` numbers.
    for (const [i, states] of tokenEmbeddings.entries())
      for (let k = 0; k < hidden; k++)
        vectors[(done + i) * hidden + k] = (states[k]! + states[hidden + k]! + states[2 * hidden + k]!) / length;
    onProgress?.(Math.min(done + together, tokens.length), tokens.length);
  }
  return vectors;
}
