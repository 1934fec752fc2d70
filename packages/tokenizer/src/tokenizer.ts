import { ConfigError } from "@kindred/errors";
import type { BatchEncoding, EncodeOptions, Encoding, PairEncoding } from "./encoding.ts";
import { createNormalizer } from "./normalizer.ts";
import { createPieceReader, type PieceReader, type Pieces } from "./piece-reader.ts";
import { tokenizerToJson } from "./tokenizer-to-json.ts";
import type { TokenizerDefinition } from "./tokenizer-definition.ts";
import { truncatePair } from "./truncate-pair.ts";
import { createWordPiece } from "./word-piece.ts";

/** The ids with a role. */
export type SpecialIds = {
  /** Before every text. */
  readonly bos: number;
  /** After every text. */
  readonly eos: number;
  /** Fills short rows of a padded batch. */
  readonly pad: number;
  /** Stands for a hidden word in pretraining. */
  readonly mask: number;
  /** A word that the vocabulary cannot spell. */
  readonly unknown: number;
};

/**
 * Text to token ids: normalizer → words → WordPiece → special tokens and truncation, the last of which lives here.
 *
 * Made by {@link tokenizerFromJson} or {@link tokenizerFromVocab}. Immutable; encoding never throws on any string, and one text's
 * ids never depend on another's.
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
  readonly #readers: { readonly parse: PieceReader; readonly plain: PieceReader };

  constructor(definition: TokenizerDefinition) {
    this.definition = definition;
    const tokens = [...definition.vocabulary];
    for (const { id, content } of definition.addedTokens) tokens[id] = content;
    this.#tokens = tokens;
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
    const { bos, eos, pad, mask } = definition.specialTokens;
    const idOf = (token: string) => this.#ids.get(token)!;
    const unknown = idOf(definition.wordPiece.unknownToken);
    this.specialIds = { bos: idOf(bos), eos: idOf(eos), pad: idOf(pad), mask: idOf(mask), unknown };
    const { addedTokens } = definition;
    const normalize = createNormalizer(definition.normalizer);
    const wordPiece = createWordPiece(definition.vocabulary, definition.wordPiece);
    this.#readers = {
      parse: createPieceReader(addedTokens, normalize, wordPiece),
      plain: createPieceReader(
        addedTokens.filter(({ special }) => !special),
        normalize,
        wordPiece,
      ),
    };
  }

  /** How many ids there are: they run from 0 to one less than this. */
  get vocabularySize(): number {
    return this.#tokens.length;
  }

  /** The token of an id, `##` and all; undefined if there is none. */
  tokenOf(id: number): string | undefined {
    return this.#tokens[id];
  }

  /** The id of a token exactly as the vocabulary spells it; undefined if it has none. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /**
   * One text as `<s>` pieces `</s>`, cut at the right if it is longer than `maxLength`. An empty text is `<s> </s>`.
   *
   * @throws ConfigError if an option is out of its range
   */
  encode(text: string, options: EncodeOptions = {}): Encoding {
    const { read, maxLength } = this.#check("encode", 2, options);
    const pieces = { ids: [this.specialIds.bos], offsets: [0, 0] };
    const truncated = this.#append(text, pieces, read, maxLength);
    return { ids: Int32Array.from(pieces.ids), offsets: Int32Array.from(pieces.offsets), truncated };
  }

  /**
   * Many texts, each encoded as {@link encode} does, end to end: `ids` and where each text starts. No padding, no offsets.
   *
   * @throws ConfigError if an option is out of its range
   */
  encodeBatch(texts: readonly string[], options: EncodeOptions = {}): BatchEncoding {
    const { read, maxLength } = this.#check("encodeBatch", 2, options);
    const pieces: Pieces = { ids: [], offsets: undefined };
    const starts = new Int32Array(texts.length + 1);
    const truncated: number[] = [];
    for (const [i, text] of texts.entries()) {
      pieces.ids.push(this.specialIds.bos);
      if (this.#append(text, pieces, read, maxLength)) truncated.push(i);
      starts[i + 1] = pieces.ids.length;
    }
    return { ids: Int32Array.from(pieces.ids), starts, truncated };
  }

  /**
   * Two texts in one row: `<s> A </s> </s> B </s>`, with a single `</s>` between for BERT. The longer text is cut first.
   *
   * MPNet has no token types, so none are given. Ids equal those of the Rust tokenizers 0.23.3; their 0.23.1 and 0.23.2 stopped
   * reading a text after `maxLength` pieces and then shared out an odd number of places differently.
   *
   * @throws ConfigError if an option is out of its range
   */
  encodePair(first: string, second: string, options: EncodeOptions = {}): PairEncoding {
    const { pairSeparators } = this.definition;
    const { read, maxLength } = this.#check("encodePair", 2 + pairSeparators, options);
    const { bos, eos } = this.specialIds;
    const a = { ids: [] as number[], offsets: [] as number[] };
    const b = { ids: [] as number[], offsets: [] as number[] };
    read(first, a, Number.POSITIVE_INFINITY);
    read(second, b, Number.POSITIVE_INFINITY);
    const [keepA, keepB] = truncatePair(a.ids.length, b.ids.length, maxLength - 2 - pairSeparators);
    const between = new Array<number>(pairSeparators).fill(eos);
    const ids = [bos, ...a.ids.slice(0, keepA), ...between, ...b.ids.slice(0, keepB), eos];
    const secondStart = 1 + keepA + pairSeparators;
    const offsets = new Int32Array(2 * ids.length);
    offsets.set(a.offsets.slice(0, 2 * keepA), 2);
    offsets.set(b.offsets.slice(0, 2 * keepB), 2 * secondStart);
    const truncated = keepA < a.ids.length || keepB < b.ids.length;
    return { ids: Int32Array.from(ids), offsets, truncated, secondStart };
  }

  /** This tokenizer as the text of a tokenizer.json; truncation and padding are null in it. */
  toJson(): string {
    return tokenizerToJson(this.definition);
  }

  /** The vocabulary as the text of a vocab.txt: one token a line, in the order of ids, a line feed after each. */
  toVocab(): string {
    return this.#tokens.map((token) => `${token}\n`).join("");
  }

  /** Stage 4 of 4: appends a text's pieces and `</s>` after a `<s>`, and says whether it cut any. */
  #append(text: string, pieces: Pieces, read: PieceReader, maxLength: number): boolean {
    const firstPiece = pieces.ids.length;
    read(text, pieces, maxLength);
    const available = maxLength - 2;
    const truncated = pieces.ids.length - firstPiece > available;
    if (truncated) {
      pieces.ids.length = firstPiece + available;
      if (pieces.offsets !== undefined) pieces.offsets.length = 2 * pieces.ids.length;
    }
    pieces.ids.push(this.specialIds.eos);
    pieces.offsets?.push(0, 0);
    return truncated;
  }

  #check(method: string, least: number, options: EncodeOptions): { read: PieceReader; maxLength: number } {
    const { maxLength = Number.POSITIVE_INFINITY, specialTokens = "parse" } = options;
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
    return { read: this.#readers[specialTokens], maxLength };
  }
}
