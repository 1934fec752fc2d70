import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { writeFileAtomic } from "@kindred/files/node";
import { endsNormalized } from "@kindred/pooling";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { fromFloat32, writeSafetensors } from "@kindred/tensor-files";
import { openSafetensors } from "@kindred/tensor-files/node";
import type { EmbeddingRows } from "@kindred/vectors";
import { readTextFile } from "./text-file.ts";
import {
  changedTexts,
  manifestName,
  readManifest,
  shardName,
  vectorsFolder,
  type VectorsManifest,
  type VectorsRequest,
} from "./vectors-manifest.ts";

/** What has been encoded by now. */
export type VectorsProgress = {
  readonly done: number;
  readonly total: number;
  /** Of this call, not of an earlier one whose shards were found. */
  readonly textsPerSecond: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
};

/** How {@link makeTeacherVectors} works. */
export type MakeVectorsOptions = VectorsRequest & {
  /** Loads the teacher; called only if there is something to encode. */
  readonly load: () => Promise<SentenceEncoder>;
  /** Rows of a shard: as many are lost when a process is killed. Default: 8192. */
  readonly rowsPerShard?: number;
  /** Time between two reports of progress, beside those after each shard. Default: 1000. */
  readonly progressMs?: number;
  /** Told of a shard that is damaged, and encoded again. */
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Encodes a file of texts with a teacher, shard by shard, and tells how far it is. A shard is there, whole and with its checksum, or not at
 * all: shards that an earlier call has left are looked through and kept, damaged ones are encoded again.
 *
 * Vectors that end in a normalisation are kept as float16, others, whose size is not known, as float32. Of a vector of length 1, each number
 * is off by at most 2⁻¹¹ of itself (below 2⁻¹⁴ by 2⁻²⁵), hence the vector by at most 2⁻¹¹ + 768^½ · 2⁻²⁵ < 5 · 10⁻⁴ of its length, and the
 * cosine of vector and kept one by half the square of that, 1.2 · 10⁻⁷ = 2⁻²³: no more than float32 rounds a cosine.
 *
 * @throws what encoding throws, and the reason of `signal`
 *
 * @example
 * ```ts ignore
 * import { makeTeacherVectors } from "@kindred/distillation/node";
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 *
 * const load = () => loadSentenceEncoder("all-mpnet-base-v2", { cores: 2 });
 * for await (const { done, total } of makeTeacherVectors({ vectors: "vectors", texts, teacher, load })) console.log(done, total);
 * ```
 */
export async function* makeTeacherVectors(options: MakeVectorsOptions): AsyncGenerator<VectorsProgress, void> {
  const { texts, teacher, load, onWarning, signal, progressMs = 1000 } = options;
  const folder = vectorsFolder(options);
  await mkdir(folder, { recursive: true });
  const there = existsSync(join(folder, manifestName)) ? await readManifest(folder) : undefined;
  const rowsPerShard = there?.rowsPerShard ?? options.rowsPerShard ?? 8192;
  const missing = there === undefined ? undefined : await missingShards(folder, there, { onWarning, signal });
  const total = texts.count;
  if (missing?.size === 0) return yield { done: total, total, textsPerSecond: 0, tokensPerSecond: 0, secondsLeft: 0 };
  const encoder = await load();
  try {
    const manifest: VectorsManifest = there ?? {
      format: "kindred teacher vectors 1",
      teacher,
      texts: { count: texts.count, sha256: texts.sha256 },
      dimension: encoder.dimension,
      dtype: endsNormalized(encoder.model.modules) ? "F16" : "F32",
      rowsPerShard,
    };
    if (there === undefined)
      await writeFileAtomic(join(folder, manifestName), `${JSON.stringify(manifest, undefined, 2)}\n`);
    const isMissing = (shard: number) => missing?.has(shard) ?? true;
    const shards = [...Array(Math.ceil(total / rowsPerShard)).keys()].filter(isMissing);
    const count = (shard: number) => Math.min(rowsPerShard, total - shard * rowsPerShard);
    const wanted = shards.reduce((sum, shard) => sum + count(shard), 0);
    async function* textsOfShards() {
      let row = 0;
      for await (const text of readTextFile(texts.path)) if (isMissing(Math.floor(row++ / rowsPerShard))) yield text;
    }
    const started = performance.now();
    let [encoded, tokens, tokenSeconds, next] = [0, 0, Number.POSITIVE_INFINITY, 0];
    const onProgress = (now: number) => {
      encoded = now;
    };
    const asked = { onProgress, windowTexts: rowsPerShard, maxLength: teacher.maxSeqLength, ...(signal && { signal }) };
    const progress = (): VectorsProgress => {
      const seconds = (performance.now() - started) / 1000;
      const textsPerSecond = encoded / seconds;
      return {
        done: total - wanted + encoded,
        total,
        textsPerSecond,
        tokensPerSecond: tokens / tokenSeconds, // of whole shards
        secondsLeft: (wanted - encoded) / textsPerSecond,
      };
    };
    // A shard is a window of the stream: the last alone may be shorter, as the last of the texts is.
    for await (const window of withTicks(encoder.encodeStream(textsOfShards(), asked), progressMs)) {
      signal?.throwIfAborted();
      if (window === undefined) {
        yield progress();
        continue;
      }
      const { texts: ofShard, encoded: rows } = window;
      const shard = shards[next++];
      if (shard === undefined || ofShard.length !== count(shard)) throw changedTexts(texts.path);
      await writeShard(folder, shard, rows, manifest);
      const { starts } = encoder.tokenizer.encodeBatch(ofShard, { maxLength: teacher.maxSeqLength });
      tokens += starts.at(-1) ?? 0;
      tokenSeconds = (performance.now() - started) / 1000;
      yield progress();
    }
    if (next < shards.length) throw changedTexts(texts.path);
  } finally {
    await encoder.close();
  }
}

/** What a source gives, and undefined whenever nothing came for so long. */
async function* withTicks<Item>(
  source: AsyncGenerator<Item, void, undefined>,
  everyMs: number,
): AsyncGenerator<Item | undefined, void> {
  try {
    for (let next = source.next(); ; ) {
      let timer: NodeJS.Timeout | undefined;
      const tick = new Promise<undefined>((resolve) => {
        timer = setTimeout(resolve, everyMs, undefined);
      });
      const first = await Promise.race([next, tick]).finally(() => clearTimeout(timer));
      if (first?.done === true) return;
      yield first?.value;
      if (first !== undefined) next = source.next();
    }
  } finally {
    await source.return();
  }
}

async function writeShard(
  folder: string,
  shard: number,
  { embeddings, dimension }: EmbeddingRows,
  { dtype }: VectorsManifest,
): Promise<void> {
  const tensor = fromFloat32(embeddings, [embeddings.length / dimension, dimension], dtype);
  const sha256 = createHash("sha256").update(tensor.bytes).digest("hex");
  await writeFileAtomic(
    join(folder, shardName(shard)),
    writeSafetensors([["vectors", tensor]], { metadata: { sha256 } }),
  );
}

/** The shards that are not there, or not as they were written. */
async function missingShards(
  folder: string,
  { texts: { count }, dimension, dtype, rowsPerShard }: VectorsManifest,
  { onWarning, signal }: Pick<MakeVectorsOptions, "onWarning" | "signal">,
): Promise<Set<number>> {
  const missing = new Set<number>();
  for (let shard = 0; shard * rowsPerShard < count; shard++) {
    signal?.throwIfAborted();
    const path = join(folder, shardName(shard));
    const rows = Math.min(rowsPerShard, count - shard * rowsPerShard);
    if (!existsSync(path)) missing.add(shard);
    else if (!(await isWhole(path, { rows, dimension, dtype }))) {
      onWarning?.(`warning: ${path} is damaged, and is encoded again.`);
      missing.add(shard);
    }
  }
  return missing;
}

async function isWhole(
  path: string,
  { rows, dimension, dtype }: Pick<VectorsManifest, "dimension" | "dtype"> & { readonly rows: number },
): Promise<boolean> {
  try {
    await using file = await openSafetensors(path);
    const tensor = await file.read("vectors");
    const fits = tensor.dtype === dtype && tensor.shape[0] === rows && tensor.shape[1] === dimension;
    return fits && createHash("sha256").update(tensor.bytes).digest("hex") === file.metadata["sha256"];
  } catch (error) {
    if (error instanceof FormatError || error instanceof ConfigError) return false;
    throw error;
  }
}
