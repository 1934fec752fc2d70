import { open } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { toFloat32 } from "@kindred/tensor-files";
import type { EmbeddingRows } from "@kindred/vectors";
import { readTextFile } from "./text-file.ts";
import { textRows } from "./text-rows.ts";
import {
  changedTexts,
  readManifest,
  shardName,
  vectorsFolder,
  type VectorsManifest,
  type VectorsRequest,
} from "./vectors-manifest.ts";

/** A teacher's vectors of some texts, on disk. What makes vectors for a loss (`Guide` of `@kindred/trainer`), of these texts alone. */
export type TeacherVectors = {
  readonly manifest: VectorsManifest;
  /** Numbers of a vector. */
  readonly dimension: number;
  /** How many texts have one. */
  readonly count: number;
  /** The vectors of texts that are among those. Throws ConfigError for another text. */
  encode(texts: readonly string[]): Promise<EmbeddingRows>;
  /** The vectors of texts by their numbers in the file of texts, from 0. */
  read(rows: readonly number[]): Promise<EmbeddingRows>;
  /** Closes the files. */
  close(): Promise<void>;
};

/** Shards that are open at a time. */
const mostOpen = 64;

/**
 * Opens the vectors that {@link makeTeacherVectors} has made of a file of texts. They are read row by row, when they are asked for; in memory
 * there are 24 bytes a text, to find its row.
 *
 * @throws FormatError if they are not there, not whole, or those of other texts
 *
 * @example
 * ```ts ignore
 * import { openTeacherVectors } from "@kindred/distillation/node";
 *
 * const teacher = await openTeacherVectors(request);
 * (await teacher.encode(["a cat"])).embeddings;
 * await teacher.close();
 * ```
 */
export async function openTeacherVectors(request: VectorsRequest): Promise<TeacherVectors> {
  const folder = vectorsFolder(request);
  const manifest = await readManifest(folder);
  const { dimension, dtype, rowsPerShard } = manifest;
  const { count } = manifest.texts;
  const rowOf = textRows();
  for await (const text of readTextFile(request.texts.path)) rowOf.add(text);
  if (rowOf.size !== count) throw changedTexts(request.texts.path);
  const width = dimension * (dtype === "F16" ? 2 : 4);
  const shards = new Map<number, Promise<Shard>>(); // the one that was used last is the last
  const shardNumbered = async (shard: number): Promise<Shard> => {
    const opened = shards.get(shard) ?? openShard(join(folder, shardName(shard)));
    shards.delete(shard);
    shards.set(shard, opened);
    void opened.catch(() => shards.delete(shard)); // there is nothing to close; whoever asked is told
    return opened;
  };
  const closeOldest = async () => {
    for (const [shard, opened] of shards) {
      if (shards.size <= mostOpen) break;
      shards.delete(shard);
      await (await opened).close();
    }
  };
  const read = async (rows: readonly number[]): Promise<EmbeddingRows> => {
    const bytes = new Uint8Array(rows.length * width);
    for (const [shard, places] of byShard(rows, rowsPerShard)) {
      const file = await shardNumbered(shard);
      for (const place of places) {
        const row = (rows[place] ?? 0) - shard * rowsPerShard; // a place among them
        await file.read(bytes.subarray(place * width, (place + 1) * width), row * width);
      }
      await closeOldest();
    }
    const tensor = { dtype, shape: [rows.length, dimension], bytes };
    return { embeddings: toFloat32(tensor), dimension };
  };
  return {
    manifest,
    dimension,
    count,
    read,
    encode: async (texts) =>
      read(
        texts.map((text) => {
          const row = rowOf.rowOf(text);
          if (row !== undefined) return row;
          throw new ConfigError(
            `distill: the teacher has no vector of a text. Got ${JSON.stringify(text.slice(0, 60))}, expected one of the ${count} that it encoded.`,
            { text },
          );
        }),
      ),
    async close() {
      for (const opened of shards.values()) await (await opened).close();
      shards.clear();
    },
  };
}

/** The places in `rows` of the rows of each shard. */
function byShard(rows: readonly number[], rowsPerShard: number): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (const [place, row] of rows.entries()) {
    const shard = Math.floor(row / rowsPerShard);
    const ofShard = places.get(shard);
    if (ofShard === undefined) places.set(shard, [place]);
    else ofShard.push(place);
  }
  return places;
}

type Shard = { read(into: Uint8Array, at: number): Promise<void>; close(): Promise<void> };

async function openShard(path: string): Promise<Shard> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    throw new FormatError(
      { file: path },
      `cannot be read: ${cause.message}. Go on with the distillation: it is encoded again.`,
    );
  });
  const { buffer: head } = await file.read(new Uint8Array(8), 0, 8, 0);
  const dataOffset = 8 + Number(new DataView(head.buffer).getBigUint64(0, true)); // the length of the header, then the header
  return {
    async read(into, at) {
      const { bytesRead } = await file.read(into, 0, into.length, dataOffset + at);
      if (bytesRead < into.length)
        throw new FormatError({ file: path }, "is too short. Go on with the distillation: it is encoded again.");
    },
    close: () => file.close(),
  };
}
