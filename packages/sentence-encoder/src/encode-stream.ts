import { ConfigError } from "@kindred/errors";
import type { Embeddings, QuantizedEmbeddings } from "./embeddings.ts";
import type { EncodeOptions } from "./encode-options.ts";
import type { Precision } from "@kindred/vectors";

/** Options of `encodeStream`. */
export type EncodeStreamOptions = Omit<EncodeOptions, "onProgress" | "calibrationEmbeddings"> & {
  /** So many texts are read and not encoded: those that an earlier, stopped call has given already. Default: 0. */
  readonly from?: number;
  /** Texts of a window. Within it texts of like length are encoded together, so many make it faster. Default: 4096. */
  readonly windowTexts?: number;
  /** Called after each batch with how many texts of the stream are encoded, those that were skipped not counted, and of how many tokens. */
  readonly onProgress?: (done: number, tokens: number) => void;
  /** In how many bits a vector's numbers are kept. For int8 and uint8 give `ranges`: windows must share them. Default: `"float32"`. */
  readonly precision?: Precision;
};

/** Some of a stream's texts in its order, and their vectors. */
export type EncodedWindow<Encoded = Embeddings | QuantizedEmbeddings> = {
  /** The number of the first of the texts in the stream, those that were skipped counted too. */
  readonly start: number;
  readonly texts: readonly string[];
  /** The texts' vectors; `truncated` counts within the window. */
  readonly encoded: Encoded;
  /** How many different texts there are: each of them was encoded once. */
  readonly distinct: number;
};

/** Windows that are encoded at a time: while the vectors of one are taken, the next is at work. */
const windowsAhead = 2;

/**
 * The windows of a stream of texts, in its order, each as soon as it and those before it are encoded. It reads no further ahead than two
 * windows, so memory does not grow with the stream, and a slow reader slows it down. A text that comes again in a window is encoded once.
 *
 * Where the source fails, or a text does, what was read before is encoded and given first; then the error is thrown.
 *
 * @throws ConfigError for a single string, a `from` or `windowTexts` that is no whole number, or int8 or uint8 without `ranges`.
 */
export async function* encodeStream(
  encode: (
    texts: readonly string[],
    options: EncodeOptions & { precision?: Precision },
  ) => Promise<Embeddings | QuantizedEmbeddings>,
  source: AsyncIterable<string> | Iterable<string>,
  { from = 0, windowTexts = 4096, signal, onProgress, ...options }: EncodeStreamOptions = {},
): AsyncGenerator<EncodedWindow, void, undefined> {
  if (typeof source === "string") {
    throw new ConfigError(
      `encodeStream: the texts are one string, whose letters would each be a text. Got ${JSON.stringify(source)}, expected texts one after another. Put it in a list.`,
    );
  }
  expectCount("from", from, 0);
  expectCount("windowTexts", windowTexts, 1);
  const { precision = "float32", ranges } = options;
  if ((precision === "int8" || precision === "uint8") && ranges === undefined) {
    throw new ConfigError(
      `encodeStream: ${precision} needs ranges. Got none, expected the same for all windows. Take them from a sample: quantizationRanges.`,
      { precision },
    );
  }
  const left = new AbortController(); // the caller may stop listening
  const both = AbortSignal.any([left.signal, ...(signal === undefined ? [] : [signal])]);
  const ahead: Promise<EncodedWindow>[] = [];
  let [done, tokens] = [0, 0];
  const begin = (start: number, texts: readonly string[]) => {
    const { distinct, places } = distinctTexts(texts);
    let ofWindow = { done: 0, tokens: 0 };
    const tell = (now: number, total: number, tokensNow: number) => {
      const of = { done: now === total ? texts.length : now, tokens: tokensNow };
      done += of.done - ofWindow.done;
      tokens += of.tokens - ofWindow.tokens;
      ofWindow = of;
      onProgress?.(done, tokens);
    };
    const window = encode(distinct, { ...options, signal: both, onProgress: tell }).then((encoded) => ({
      ...{ start, texts, distinct: distinct.length },
      encoded: distinct.length === texts.length ? encoded : spread(encoded, places),
    }));
    window.catch(() => {}); // thrown where it is awaited
    ahead.push(window);
  };
  let [start, texts, skipped]: [number, string[], number] = [from, [], 0];
  const failures: unknown[] = [];
  const reader = textsOf(source);
  try {
    for (;;) {
      const next = await reader.next().catch((error: unknown) => {
        failures.push(error);
      });
      if (next === undefined || next.done === true) break;
      if (skipped++ < from) continue;
      texts.push(next.value);
      if (texts.length < windowTexts) continue;
      begin(start, texts);
      [start, texts] = [start + texts.length, []];
      if (ahead.length === windowsAhead) yield* first(ahead);
    }
    if (texts.length > 0) begin(start, texts);
    while (ahead.length > 0) yield* first(ahead);
    for (const error of failures) throw error;
  } finally {
    left.abort();
    await reader.return?.();
  }
}

/** The different texts, in the order in which they come first, and the place among them of each text. */
function distinctTexts(texts: readonly string[]): {
  readonly distinct: readonly string[];
  readonly places: Int32Array;
} {
  const placeOf = new Map<string, number>();
  const places = Int32Array.from(texts, (text) => {
    const place = placeOf.get(text) ?? placeOf.size;
    placeOf.set(text, place);
    return place;
  });
  return { distinct: [...placeOf.keys()], places };
}

/** What was encoded, row i being that of the place that row i has. */
function spread<Encoded extends Embeddings | QuantizedEmbeddings>(encoded: Encoded, places: Int32Array): Encoded {
  const { embeddings, dimension, tokenCounts } = encoded;
  const length = places.length * dimension;
  const rows =
    embeddings instanceof Float32Array
      ? new Float32Array(length)
      : embeddings instanceof Int8Array
        ? new Int8Array(length)
        : new Uint8Array(length);
  const cut = new Set(encoded.truncated);
  const truncated: number[] = [];
  for (const [row, place] of places.entries()) {
    rows.set(embeddings.subarray(place * dimension, (place + 1) * dimension), row * dimension);
    if (cut.has(place)) truncated.push(row);
  }
  return { ...encoded, embeddings: rows, truncated, tokenCounts: places.map((place) => tokenCounts[place] ?? 0) };
}

async function* first(ahead: Promise<EncodedWindow>[]): AsyncGenerator<EncodedWindow, void, undefined> {
  const window = ahead.shift();
  if (window !== undefined) yield await window;
}

async function* textsOf(source: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string, void, undefined> {
  yield* source;
}

function expectCount(name: string, got: number, least: number): void {
  if (Number.isSafeInteger(got) && got >= least) return;
  throw new ConfigError(`encodeStream: ${name} does not fit. Got ${got}, expected a whole number from ${least} on.`, {
    [name]: got,
  });
}
