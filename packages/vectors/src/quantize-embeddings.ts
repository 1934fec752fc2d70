import { ConfigError, ShapeError } from "@kindred/errors";
import type { EmbeddingRows } from "./embedding-rows.ts";

/**
 * How a number of a vector is kept: as it is, in 8 bits (signed or not) between its feature's least and greatest, or as
 * its sign, eight to a byte (signed or not).
 */
export type Precision = "float32" | "int8" | "uint8" | "binary" | "ubinary";

/** All precisions, the widest first. */
export const precisions: readonly Precision[] = ["float32", "int8", "uint8", "binary", "ubinary"];

/** The least and the greatest value of every feature. */
export type QuantizationRanges = { readonly minimum: Float32Array; readonly maximum: Float32Array };

/** How {@link quantizeEmbeddings} is to do it. */
export type QuantizeOptions = {
  readonly precision: Exclude<Precision, "float32">;
  /** For int8 and uint8: what the 256 steps lie between. Default: the ranges of `calibrationEmbeddings`. */
  readonly ranges?: QuantizationRanges;
  /** For int8 and uint8: vectors to take the ranges from, some hundred at least. Default: the vectors themselves. */
  readonly calibrationEmbeddings?: EmbeddingRows;
};

/** Quantised vectors, `dimension` numbers a row. */
export type QuantizedRows = { readonly embeddings: Int8Array | Uint8Array; readonly dimension: number };

/**
 * Vectors in fewer bits, number for number as sentence-transformers' `quantize_embeddings` makes them.
 *
 *     uint8    q = clip(⌊(x − minimum) / step⌋, 0, 255) with step = (maximum − minimum) / 255, or 1 where that is 0; in float32
 *     int8     q − 128
 *     ubinary  the bits x > 0, the first in a byte's highest place, the last byte filled with zeros
 *     binary   the same bytes, less 128
 *
 * @throws ConfigError for 8 bits from a single vector without ranges, which would all be 0; ShapeError for ranges of
 * another dimension
 * @see sentence-transformers 6.2.0, `util/quantization.py`
 *
 * @example
 * ```ts
 * import { quantizeEmbeddings } from "@kindred/vectors";
 *
 * const rows = { embeddings: Float32Array.of(-1, 0.5, 0, 1, -0.5, 1), dimension: 3 };
 * // In float32 the greatest comes to 254.99998 steps, here as in numpy.
 * quantizeEmbeddings(rows, { precision: "uint8" }); // => { embeddings: [0, 254, 0, 254, 0, 254], dimension: 3 }
 * quantizeEmbeddings(rows, { precision: "ubinary" }); // => { embeddings: [64, 160], dimension: 1 }
 * ```
 */
export function quantizeEmbeddings(rows: EmbeddingRows, options: QuantizeOptions): QuantizedRows {
  const { precision, ranges, calibrationEmbeddings } = options;
  if (precision === "binary" || precision === "ubinary") {
    const bytes = signBits(rows);
    const dimension = Math.ceil(rows.dimension / 8);
    return { embeddings: precision === "ubinary" ? bytes : lessHalf(bytes), dimension };
  }
  if (rows.embeddings.length === 0) {
    return { embeddings: precision === "uint8" ? new Uint8Array() : new Int8Array(), dimension: rows.dimension };
  }
  if (ranges === undefined && calibrationEmbeddings === undefined && rows.embeddings.length === rows.dimension) {
    throw new ConfigError(
      `quantizeEmbeddings: ${precision} needs to know what values features take. Got a single vector, expected ranges or calibrationEmbeddings beside it.`,
      { precision },
    );
  }
  const steps = scalarSteps(rows, ranges ?? quantizationRanges(calibrationEmbeddings ?? rows));
  return { embeddings: precision === "uint8" ? steps : lessHalf(steps), dimension: rows.dimension };
}

/**
 * The least and the greatest value of every feature of some vectors, to quantise others by.
 *
 * @example
 * ```ts
 * import { quantizationRanges } from "@kindred/vectors";
 *
 * const rows = { embeddings: Float32Array.of(-1, 0.5, 1, 0.25), dimension: 2 };
 * quantizationRanges(rows); // => { minimum: [-1, 0.25], maximum: [1, 0.5] }
 * ```
 */
export function quantizationRanges({ embeddings, dimension }: EmbeddingRows): QuantizationRanges {
  const minimum = new Float32Array(dimension).fill(Number.POSITIVE_INFINITY);
  const maximum = new Float32Array(dimension).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < embeddings.length; i++) {
    const feature = i % dimension;
    // `!`: every feature has an entry, and i lies in the array.
    minimum[feature] = Math.min(minimum[feature]!, embeddings[i]!);
    maximum[feature] = Math.max(maximum[feature]!, embeddings[i]!);
  }
  return { minimum, maximum };
}

function scalarSteps({ embeddings, dimension }: EmbeddingRows, { minimum, maximum }: QuantizationRanges): Uint8Array {
  if (minimum.length !== dimension || maximum.length !== dimension) {
    throw new ShapeError(
      `quantizeEmbeddings: ranges of another dimension. Got ${minimum.length} and ${maximum.length} numbers, expected ${dimension} each.`,
    );
  }
  const { fround } = Math; // each operation rounded, as numpy does it in float32
  // `!` here and below: minimum and maximum have an entry for every feature.
  const steps = minimum.map((least, feature) => fround(fround(maximum[feature]! - least) / 255) || 1);
  const result = new Uint8Array(embeddings.length);
  for (let i = 0; i < embeddings.length; i++) {
    const feature = i % dimension;
    const step = Math.floor(fround(fround(embeddings[i]! - minimum[feature]!) / steps[feature]!));
    result[i] = Math.min(Math.max(step, 0), 255);
  }
  return result;
}

function signBits({ embeddings, dimension }: EmbeddingRows): Uint8Array {
  const rowBytes = Math.ceil(dimension / 8);
  const bytes = new Uint8Array((embeddings.length / dimension) * rowBytes);
  for (let i = 0; i < embeddings.length; i++) {
    const feature = i % dimension;
    // `!`: i lies in the array, and every row has a byte for each eight features.
    if (embeddings[i]! > 0) bytes[Math.floor(i / dimension) * rowBytes + (feature >> 3)]! |= 0x80 >> (feature & 7);
  }
  return bytes;
}

function lessHalf(bytes: Uint8Array): Int8Array {
  return Int8Array.from(bytes, (byte) => byte - 128);
}
