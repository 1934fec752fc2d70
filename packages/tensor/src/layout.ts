import { ShapeError } from "@kindred/errors";

/** What a program may be specialised on: with the same numbers, two batches have the same shapes everywhere. */
export type LayoutFixed = {
  /** The number of sentences, those of length 0 included. */
  readonly batch: number;
  /** The rows of a `"tokens hidden"` tensor, padding included. */
  readonly rows: number;
  /** The most tokens that a sentence in this layout may have, at least 1. What is sized by it fits whatever comes. */
  readonly longest: number;
  /** The number of blocks, each rows / blocks rows long, of a layout in blocks. */
  readonly blocks?: number;
};

/** What changes with each batch. Not to be written. */
export type LayoutData = {
  /** The first row of each sentence. */
  readonly starts: Int32Array;
  /** The tokens of each sentence, 0 … longest: it is the rows `starts[i]` up to, not including, `starts[i] + lengths[i]`. */
  readonly lengths: Int32Array;
  /** The number of each sentence in the whole (global) batch, for keyed dropout. Default 0, 1, …, batch − 1. */
  readonly numbers?: Int32Array;
  /** The sentence of each row, −1 for padding. */
  readonly segments?: Int32Array;
};

/**
 * Where the sentences of a batch lie among the rows of a `"tokens hidden"` tensor: `packed`, end to end without padding, or `padded`,
 * each in a run of `longest` rows of its own.
 *
 * Row-wise ops (linear, layer norm, GELU) don't ask; attention and pooling take the layout as an argument, and hand `data` and `fixed` on
 * to their op as they are. It is frozen plain data, so it goes through `postMessage`.
 */
export type Layout = {
  readonly form: "packed" | "padded" | "blocks";
  readonly fixed: LayoutFixed;
  readonly data: LayoutData;
};

/** What {@link packedLayout} and {@link paddedLayout} take besides lengths. */
export type LayoutOptions = {
  /** The number of each sentence in the global batch, for keyed dropout. Default 0, 1, …, batch − 1. */
  readonly numbers?: ArrayLike<number>;
};

/**
 * Sentences end to end, without padding.
 *
 * Sentences of length 0 are allowed, a batch of no sentence is not. `longest` is that of the batch.
 *
 * @param starts batch + 1 row offsets, as the tokenizer gives them.
 * @throws ShapeError when `starts` is shorter than 2, does not begin at 0, or falls.
 * @example
 * ```ts
 * import { packedLayout } from "@kindred/tensor";
 *
 * const { fixed, data } = packedLayout([0, 3, 3, 5]);
 * fixed; // => { batch: 3, rows: 5, longest: 3 }
 * data.lengths; // => [3, 0, 2]
 * ```
 */
export function packedLayout(starts: ArrayLike<number>, options: LayoutOptions = {}): Layout {
  const offsets = Array.from(starts);
  const bad = offsets.findIndex(
    (start, i) => !(Number.isInteger(start) && start <= 0x7fffffff && start >= (offsets[i - 1] ?? 0)),
  );
  const rows = offsets.at(-1);
  if (rows === undefined || offsets.length < 2 || offsets[0] !== 0 || bad !== -1) {
    const got =
      bad === -1
        ? `[${offsets.slice(0, 3).join(", ")}${offsets.length > 3 ? ", …" : ""}]`
        : `${offsets[bad]} at ${bad}`;
    throw new ShapeError(
      `packedLayout: starts are not the offsets of a batch. Got ${got}, expected at least two whole numbers from 0 on that ` +
        "never fall. Give the row where each sentence starts, and the number of rows at the end.",
      { starts: offsets },
    );
  }
  const firsts = Int32Array.from(offsets.slice(0, -1));
  const lengths = firsts.map((start, i) => (offsets[i + 1] ?? start) - start);
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  return layoutOf("packedLayout", "packed", { rows, longest }, { starts: firsts, lengths }, options);
}

/**
 * Sentences in runs of `longest` rows each: sentence i is the first `lengths[i]` rows of run i, the rest is padding.
 *
 * @throws ShapeError when there is no sentence, `longest` is not a whole number from 1 on, or a length is outside 0 … longest.
 * @example
 * ```ts
 * import { paddedLayout } from "@kindred/tensor";
 *
 * const { fixed, data } = paddedLayout([3, 0, 2], 4);
 * fixed; // => { batch: 3, rows: 12, longest: 4 }
 * data.starts; // => [0, 4, 8]
 * ```
 */
export function paddedLayout(lengths: ArrayLike<number>, longest: number, options: LayoutOptions = {}): Layout {
  const checked = Array.from(lengths);
  const bad = checked.find((length) => !Number.isInteger(length) || length < 0 || length > longest);
  const rows = checked.length * longest;
  if (!Number.isInteger(longest) || longest < 1 || checked.length === 0 || rows > 0x7fffffff || bad !== undefined) {
    throw new ShapeError(
      `paddedLayout: lengths do not fit. Got ${checked.length} lengths${bad === undefined ? "" : `, ${bad} among them`}, for ` +
        `${longest} rows each, expected at least one whole length from 0 to longest, and longest from 1 on. Cut longer sentences first.`,
      { lengths: checked, longest },
    );
  }
  const starts = Int32Array.from(checked, (_, i) => i * longest);
  return layoutOf("paddedLayout", "padded", { rows, longest }, { starts, lengths: Int32Array.from(checked) }, options);
}

function layoutOf(
  functionName: string,
  form: Layout["form"],
  sizes: Omit<LayoutFixed, "batch">,
  data: LayoutData,
  { numbers }: LayoutOptions,
): Layout {
  const batch = data.lengths.length;
  return Object.freeze({
    form,
    fixed: Object.freeze({ batch, ...sizes }),
    data: Object.freeze(numbers ? { ...data, numbers: checkNumbers(functionName, numbers, batch) } : data),
  });
}

function checkNumbers(functionName: string, numbers: ArrayLike<number>, batch: number): Int32Array {
  const bad = Array.from(numbers).find((number) => !Number.isInteger(number) || number < 0 || number > 0x7fffffff);
  if (numbers.length !== batch || bad !== undefined) {
    throw new ShapeError(
      `${functionName}: numbers are not those of the sentences. Got ${bad ?? `${numbers.length} of them for ${batch} sentences`}, ` +
        "expected one whole number from 0 to 2147483647 a sentence. Give each sentence its place in the global batch.",
      { numbers: Array.from(numbers), batch },
    );
  }
  return Int32Array.from(numbers);
}

/** One sentence of a batch. */
export type SentenceSpan = {
  /** Its first row. */
  readonly start: number;
  /** Its tokens, a row each. */
  readonly length: number;
  /** Its number in the global batch. */
  readonly number: number;
};

/**
 * The sentences of a layout one by one, those of length 0 included.
 *
 * @example
 * ```ts
 * import { paddedLayout, sentencesOf } from "@kindred/tensor";
 *
 * sentencesOf(paddedLayout([3, 2], 4).data)[1]; // => { start: 4, length: 2, number: 1 }
 * ```
 */
export function sentencesOf({ starts, lengths, numbers }: LayoutData): SentenceSpan[] {
  return Array.from(lengths, (length, i) => ({ start: starts[i] ?? 0, length, number: numbers?.[i] ?? i }));
}

// Every layer of a forward pass asks for the same layout's positions. Arrays of data are not written, so one is the key.
const positionsOf = new WeakMap<Int32Array, Int32Array>();

/**
 * The position of every row in its sentence, from 0, and −1 for rows of padding.
 *
 * The array is remembered for the layout and shared: not to be written.
 *
 * @example
 * ```ts
 * import { layoutPositions, packedLayout, paddedLayout } from "@kindred/tensor";
 *
 * layoutPositions(packedLayout([0, 3, 5])); // => [0, 1, 2, 0, 1]
 * layoutPositions(paddedLayout([1, 2], 3)); // => [0, -1, -1, 0, 1, -1]
 * ```
 */
export function layoutPositions({ fixed, data }: Layout): Int32Array {
  const known = positionsOf.get(data.lengths);
  if (known) return known;
  const positions = new Int32Array(fixed.rows).fill(-1);
  for (const { start, length } of sentencesOf(data)) {
    for (let position = 0; position < length; position++) positions[start + position] = position;
  }
  positionsOf.set(data.lengths, positions);
  return positions;
}
