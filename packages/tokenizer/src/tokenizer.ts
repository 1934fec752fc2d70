import { ConfigError, ShapeError } from "@kindred/errors";
import { ArrayPool } from "./array-pool.ts";
import type { BatchEncoding, EncodeOptions, Encoding, PairEncoding } from "./encoding.ts";
import { PieceList } from "./piece-list.ts";
import { type PieceReader, type TextReaders, textReaders } from "./piece-reader.ts";
import { tokenizerToJson } from "./tokenizer-to-json.ts";
import { idsOf, type TokenizerDefinition, unknownTokenOf } from "./tokenizer-definition.ts";
import { truncatePair } from "./truncate-pair.ts";

/** The ids with a role. */
export type SpecialIds = {
  /** Before every text. */
  readonly bos: number;
  /** After every text. */
  readonly eos: number;
  /** Fills short rows of a padded batch. */
  readonly pad: number;
  /** Stands for a hidden word in pretraining, where the vocabulary has such a token. */
  readonly mask?: number;
  /** What the vocabulary cannot spell, where it has a token for that. */
  readonly unknown?: number;
};

/**
 * Text to token ids: normalizer → words → pieces → special tokens and truncation, the last of which lives here.
 *
 * Made by {@link tokenizerFromJson} or {@link tokenizerFromVocab}. Encoding never throws on any string. A tokenizer remembers words
 * to look them up the next time, in 3 MB of fixed size, but no text's ids depend on what was encoded before.
 *
 * @example
 * ```ts
 * import { tokenizerFromVocab } from "@kindred/tokenizer";
 *
 * const tokenizer = tokenizerFromVocab("<s>\n<pad>\n</s>\n<unk>\n[UNK]\nhello\nworld\n##s\n<mask>\n");
 * tokenizer.encode("hello worlds", { maxLength: 4 });
 * // => { ids: [0, 5, 6, 2], offsets: [0, 0, 0, 5, 6, 11, 0, 0], truncated: true }
 * tokenizer.encodeBatch(["hello", "world"]); // => { ids: [0, 5, 2, 0, 6, 2], starts: [0, 3, 6], truncated: [] }
 * ```
 */
export class Tokenizer {
  /** What the tokenizer was made from. */
  readonly definition: TokenizerDefinition;
  /** The ids with a role. */
  readonly specialIds: SpecialIds;
  readonly #tokens: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #readers: TextReaders;
  readonly #pieces = new PieceList();
  readonly #pool = new ArrayPool();

  constructor(definition: TokenizerDefinition) {
    this.definition = definition;
    const tokens = [...definition.vocabulary];
    for (const { id, content } of definition.addedTokens) tokens[id] = content;
    this.#tokens = tokens;
    const ids = idsOf(definition.vocabulary, definition.addedTokens);
    this.#ids = ids;
    const { bos, eos, pad, mask } = definition.specialTokens;
    const unknown = unknownTokenOf(definition);
    const idOf = (token: string) => {
      const id = ids.get(token);
      if (id !== undefined) return id;
      throw new ConfigError(
        `Tokenizer: no ${token} in the vocabulary. Got ${ids.size} tokens, expected it among them.`,
        {
          token,
        },
      );
    };
    this.specialIds = {
      ...{ bos: idOf(bos), eos: idOf(eos), pad: idOf(pad) },
      ...(mask === undefined ? {} : { mask: idOf(mask) }),
      ...(unknown === undefined ? {} : { unknown: idOf(unknown) }),
    };
    this.#readers = textReaders(definition);
  }

  /** How many ids there are: they run from 0 to one less than this. (An id may have no token, where the files leave it out.) */
  get vocabularySize(): number {
    return this.#tokens.length;
  }

  /** The token of an id, `##` or `Ġ` and all; undefined if there is none. */
  tokenOf(id: number): string | undefined {
    return this.#tokens[id] || undefined;
  }

  /** The id of a token exactly as the vocabulary spells it; undefined if it has none. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /**
   * One text as `<s>` pieces `</s>`, cut if it is longer than `maxLength`, at the right unless the definition or `truncationSide` says otherwise. An
   * empty text is `<s> </s>`; where the definition is `bare` there is no `<s>` and no `</s>`.
   *
   * @throws ShapeError if an input is not a string, ConfigError if an option is out of its range
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const { read, frame } = this.#check("encode", 2, options);
    expectText("encode", text);
    const pieces = this.#pieces;
    try {
      const truncated = this.#frame(text, pieces, read, frame);
      const ids = this.#pool.copy(pieces.ids, pieces.count);
      const offsets = this.#pool.copy(pieces.offsets, 2 * pieces.count);
      return { ids, offsets, truncated };
    } finally {
      pieces.clear();
    }
  }

  /**
   * Many texts, each encoded as {@link encode} does, end to end: `ids` and where each text starts. No padding, no offsets.
   *
   * @throws ShapeError if an input is not a string, ConfigError if an option is out of its range
   */
  encodeBatch(texts: readonly string[], options: EncodeOptions = {}): BatchEncoding {
    const { read, frame } = this.#check("encodeBatch", 2, options);
    const pieces = new PieceList();
    const starts = new Int32Array(texts.length + 1);
    const truncated: number[] = [];
    for (const [i, text] of texts.entries()) {
      expectText("encodeBatch", text);
      if (this.#frame(text, pieces, read, frame)) truncated.push(i);
      starts[i + 1] = pieces.count;
    }
    return { ids: pieces.ids.slice(0, pieces.count), starts, truncated };
  }

  /**
   * Two texts in one row: `<s> A </s> </s> B </s>`, with a single `</s>` between for BERT. The longer text is cut first.
   *
   * Ids equal those of the Rust tokenizers 0.23.3; their 0.23.1 and 0.23.2 stopped
   * reading a text after `maxLength` pieces and then shared out an odd number of places differently.
   *
   * @throws ShapeError if an input is not a string, ConfigError if an option is out of its range, or the definition is `bare`
   */
  encodePair(first: string, second: string, options: EncodeOptions = {}): PairEncoding {
    const { pair, bare } = this.definition;
    if (bare !== undefined)
      throw new ConfigError("encodePair: this tokenizer has no special tokens to put between two texts.");
    const pairSeparators = pair.separators;
    const { read, frame } = this.#check("encodePair", 2 + pairSeparators, options);
    expectText("encodePair", first);
    expectText("encodePair", second);
    const { bos, eos } = this.specialIds;
    const pieces = new PieceList();
    read(first, pieces);
    const countA = pieces.count;
    read(second, pieces);
    const countB = pieces.count - countA;
    const [keepA, keepB] = truncatePair(countA, countB, frame.maxLength - 2 - pairSeparators);
    const secondStart = 1 + keepA + pairSeparators;
    const [fromA, fromB] = frame.truncationSide === "left" ? [countA - keepA, countA + countB - keepB] : [0, countA];
    const ids = new Int32Array(secondStart + keepB + 1).fill(eos);
    ids[0] = bos;
    ids.set(pieces.ids.subarray(fromA, fromA + keepA), 1);
    ids.set(pieces.ids.subarray(fromB, fromB + keepB), secondStart);
    const offsets = new Int32Array(2 * ids.length);
    offsets.set(pieces.offsets.subarray(2 * fromA, 2 * (fromA + keepA)), 2);
    offsets.set(pieces.offsets.subarray(2 * fromB, 2 * (fromB + keepB)), 2 * secondStart);
    const lengths = [1, keepA, ...Array.from({ length: pairSeparators }, () => 1), keepB, 1];
    const typeIds = Int32Array.from(pair.types.flatMap((type, part) => Array<number>(lengths[part] ?? 0).fill(type)));
    return { ids, offsets, truncated: keepA < countA || keepB < countB, secondStart, typeIds };
  }

  /** This tokenizer as the text of a tokenizer.json: no padding, and of truncation no more than the side, where that is the left one. */
  toJson(): string {
    return tokenizerToJson(this.definition);
  }

  /**
   * The vocabulary as the text of a vocab.txt, which is a WordPiece tokenizer's: one token a line, in the order of ids, a line feed after
   * each. Added tokens beyond it are not in it.
   */
  toVocab(): string {
    return this.definition.vocabulary.map((token) => `${token}\n`).join("");
  }

  /** Stage 4 of 4: appends `<s>`, a text's pieces and `</s>`, and says whether it cut any. */
  #frame(text: string, pieces: PieceList, read: PieceReader, { maxLength, truncationSide }: Frame): boolean {
    const { bare } = this.definition;
    if (bare !== undefined) return this.#readBare(text, pieces, read, { maxLength, truncationSide, ...bare });
    const first = pieces.count + 1;
    const lastPlace = first + maxLength - 2;
    const keepsEnd = truncationSide === "left";
    pieces.limit = keepsEnd ? Number.POSITIVE_INFINITY : lastPlace + 1; // one piece too many tells that the text goes on
    pieces.push(this.specialIds.bos, 0, 0);
    read(text, pieces);
    const truncated = pieces.count > lastPlace;
    if (truncated && keepsEnd) pieces.drop(first, pieces.count - lastPlace);
    else if (truncated) pieces.count = lastPlace;
    pieces.push(this.specialIds.eos, 0, 0);
    return truncated;
  }

  /** Appends a text's pieces and nothing else, and says whether it cut any. */
  #readBare(
    text: string,
    pieces: PieceList,
    read: PieceReader,
    frame: Frame & { readonly dropsUnknown: boolean },
  ): boolean {
    const { maxLength, truncationSide, dropsUnknown } = frame;
    const first = pieces.count;
    const keepsEnd = truncationSide === "left";
    pieces.limit = keepsEnd || dropsUnknown ? Number.POSITIVE_INFINITY : first + maxLength + 1; // one piece too many tells that the text goes on
    read(text, pieces);
    const { unknown } = this.specialIds;
    if (dropsUnknown && unknown !== undefined) pieces.dropAll(first, unknown);
    const surplus = pieces.count - first - maxLength;
    if (surplus <= 0) return false;
    if (keepsEnd) pieces.drop(first, surplus);
    else pieces.count = first + maxLength;
    return true;
  }

  #check(method: string, least: number, options: EncodeOptions): { read: PieceReader; frame: Frame } {
    const { splitSpecialTokens } = this.definition;
    const { maxLength = Number.POSITIVE_INFINITY, specialTokens = splitSpecialTokens ? "plain" : "parse" } = options;
    const { truncationSide = this.definition.truncationSide } = options;
    if (!(maxLength >= least && (Number.isInteger(maxLength) || maxLength === Number.POSITIVE_INFINITY))) {
      throw new ConfigError(
        `${method}: maxLength leaves no room. Got ${maxLength}, expected a whole number of at least ${least}, the special tokens.`,
        { maxLength },
      );
    }
    if (specialTokens !== "parse" && specialTokens !== "plain") {
      const got = JSON.stringify(specialTokens);
      throw new ConfigError(`${method}: unknown specialTokens. Got ${got}, expected "parse" or "plain".`, {
        specialTokens,
      });
    }
    if (truncationSide !== "left" && truncationSide !== "right") {
      const got = JSON.stringify(truncationSide);
      throw new ConfigError(`${method}: unknown truncationSide. Got ${got}, expected "left" or "right".`, {
        truncationSide,
      });
    }
    return { read: this.#readers[specialTokens], frame: { maxLength, truncationSide } };
  }
}

/** How long a text may be, and at which end it is cut. */
type Frame = { readonly maxLength: number; readonly truncationSide: "left" | "right" };

function expectText(method: string, text: unknown): void {
  if (typeof text === "string") return;
  throw new ShapeError(`${method}: an input is not a text. Got ${typeof text}, expected a string.`);
}
