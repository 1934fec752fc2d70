/** How to encode. */
export type EncodeOptions = {
  /** The most ids a text may get, special tokens included; at least 2 (4 for a pair). Default: no limit. */
  readonly maxLength?: number | undefined;
  /**
   * What a special token that is spelled out in the text means: `"parse"` (default, as Python does, unless the tokenizer's files say
   * `split_special_tokens`): that token; `"plain"`: its letters, which is what text from strangers needs.
   */
  readonly specialTokens?: "parse" | "plain" | undefined;
  /** At which end a text that is too long loses tokens. Default: the definition's, right unless the tokenizer's files say otherwise. */
  readonly truncationSide?: "left" | "right" | undefined;
};

/**
 * One text as ids.
 *
 * Both arrays are the caller's, but a short text's lie in a block of 4 KB beside those of other texts, as small Buffers of Node do,
 * because V8 takes longer to allocate two arrays than to tokenize a sentence. So `slice()` an array before its `buffer` is used as
 * such or transferred to a worker. (What `encodeBatch` gives has buffers of its own.)
 */
export type Encoding = {
  /** `<s>`, the pieces, `</s>`. */
  readonly ids: Int32Array;
  /** Where each id came from, flat `[start0, end0, …]` in UTF-16 units of the input; (0, 0) for the `<s>` and `</s>` around it. */
  readonly offsets: Int32Array;
  /** Whether pieces were cut off to keep to `maxLength`. */
  readonly truncated: boolean;
};

/** Two texts as one row of ids. */
export type PairEncoding = Encoding & {
  /** The index of the first id of the second text. Offsets before it lie in the first text, from it on in the second. */
  readonly secondStart: number;
  /** The token type of each id: for BERT 1 from `secondStart` on, else 0. (A single text has type 0 throughout.) */
  readonly typeIds: Int32Array;
};

/** Many texts as ids, end to end, without padding. */
export type BatchEncoding = {
  readonly ids: Int32Array;
  /** n + 1 numbers: text i has the ids from `starts[i]` to `starts[i + 1]`. */
  readonly starts: Int32Array;
  /** The indices of the texts that were cut to keep to `maxLength`, ascending. */
  readonly truncated: number[];
};
