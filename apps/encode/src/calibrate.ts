import type { EncodeStreamOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import type { QuantizationRanges } from "@kindred/vectors";
import type { InputRow } from "./input-rows.ts";

/** Rows below which ranges say little: sentence-transformers warns there, too. */
const fewRows = 100;

/** What 8-bit numbers lie between, and the rows that are to be encoded, of which those that were looked at are given again. */
export type Calibration = { readonly ranges: QuantizationRanges; readonly rows: AsyncIterable<InputRow> };

/**
 * The least and the greatest value of each feature over the vectors of some rows: all those of `sample`, or the first of the rows themselves.
 *
 * Encoded are windows of `windowRows`, so that the ranges are the same in every shard and after every stop.
 */
export async function calibrate(
  encoder: SentenceEncoder,
  rows: AsyncIterable<InputRow>,
  {
    sample,
    windowRows,
    options,
    onWarning,
  }: {
    readonly sample: AsyncIterable<InputRow> | undefined;
    readonly windowRows: number;
    readonly options: EncodeStreamOptions;
    readonly onWarning: (message: string) => void;
  },
): Promise<Calibration> {
  const first: InputRow[] = [];
  const reader = rows[Symbol.asyncIterator]();
  while (sample === undefined && first.length < windowRows) {
    const next = await reader.next();
    if (next.done === true) break;
    first.push(next.value);
  }
  async function* all() {
    yield* first;
    yield* { [Symbol.asyncIterator]: () => reader };
  }
  async function* texts() {
    for await (const { text } of sample ?? first) yield text;
  }
  let count = 0;
  let [minimum, maximum]: readonly Float32Array[] = [];
  for await (const { encoded } of encoder.encodeStream(texts(), {
    ...options,
    windowTexts: windowRows,
    precision: "float32",
  })) {
    const { embeddings, dimension } = encoded;
    count += embeddings.length / dimension;
    minimum ??= new Float32Array(dimension).fill(Number.POSITIVE_INFINITY);
    maximum ??= new Float32Array(dimension).fill(Number.NEGATIVE_INFINITY);
    for (const [i, value] of embeddings.entries()) {
      const feature = i % dimension;
      minimum[feature] = Math.min(minimum[feature] ?? value, value);
      maximum[feature] = Math.max(maximum[feature] ?? value, value);
    }
  }
  if (count > 0 && count < fewRows)
    onWarning(
      `The ranges of 8-bit numbers are taken from ${count} rows; ${fewRows} or more make them better (--calibration FILE).`,
    );
  const { dimension } = await encoder.encode([], { ...options, precision: "float32" });
  minimum ??= new Float32Array(dimension);
  maximum ??= new Float32Array(dimension);
  return { ranges: { minimum, maximum }, rows: all() };
}
