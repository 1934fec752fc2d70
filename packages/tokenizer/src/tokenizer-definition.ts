import type { BytePairRules } from "./byte-pair.ts";
import type { NormalizerStep } from "./normalizer-step.ts";
import type { UnigramScores } from "./unigram.ts";
import type { UnigramWords } from "./unigram-reader.ts";
import type { WordPieceRules } from "./word-piece.ts";

/** A token that is looked for in the text itself, before it is cut into words. */
export type AddedToken = {
  readonly id: number;
  readonly content: string;
  /** Whether it means something to the model (`<s>`, `<mask>`), so that `specialTokens: "plain"` leaves it in the text. */
  readonly special: boolean;
  /** Looked for in the normalized text: `<UNK>` is then `<unk>`. Others are looked for in the text as it is. */
  readonly normalized: boolean;
  /** Only where no letter, digit, mark or `_` stands before it or after it. */
  readonly singleWord: boolean;
  /** Swallow the whitespace before it. */
  readonly stripLeft: boolean;
  /** Swallow the whitespace after it. */
  readonly stripRight: boolean;
};

/** The tokens with a role, by name. */
export type SpecialTokens = {
  /** Before every text: `<s>`, BERT's `[CLS]`. */
  readonly bos: string;
  /** After every text: `</s>`, BERT's `[SEP]`. */
  readonly eos: string;
  /** Fills short rows of a padded batch: `<pad>`. */
  readonly pad: string;
  /** Stands for a hidden word in pretraining: `<mask>`. Not every vocabulary has one. */
  readonly mask?: string;
  /** Stands for what cannot be spelled, where the model itself names no token for that: RoBERTa's `<unk>`, whose bytes spell all. */
  readonly unknown?: string;
};

/**
 * How a text without added tokens is cut into words and these into pieces. The words are part of it, since what a model's pieces mean
 * hangs on how words reach it: WordPiece has BERT's, BPE those of GPT-2 in letters for bytes, Unigram words with a `▁` for the space before them.
 */
export type TokenizerModel =
  | ({ readonly kind: "WordPiece" } & WordPieceRules)
  | ({ readonly kind: "BPE" } & BytePairRules)
  | ({ readonly kind: "Unigram" } & UnigramScores & UnigramWords);

/** Everything that makes one tokenizer different from another, as plain data: what the files of a tokenizer are read into. */
export type TokenizerDefinition = {
  /**
   * The model's vocabulary; an id is an index. Entries are well-formed Unicode and distinct, but for Unigram, where the later of two counts; an
   * empty one is an id that no token has.
   */
  readonly vocabulary: readonly string[];
  /** Tokens looked for in the text itself. Those that are not in `vocabulary` have the ids that follow it, without gaps. */
  readonly addedTokens: readonly AddedToken[];
  /** The steps that a text goes through, one after another. MPNet and BERT have one, RoBERTa none. */
  readonly normalizer: readonly NormalizerStep[];
  readonly model: TokenizerModel;
  /** Whether offsets leave out the spaces at either end of a byte-level piece. No piece of the other models has any. */
  readonly trimOffsets: boolean;
  /** The tokens with a role, all of them in `vocabulary` or among `addedTokens`. */
  readonly specialTokens: SpecialTokens;
  /** Two texts in one row. */
  readonly pair: {
    /** How many `eos` stand between them: 2 for MPNet, 1 for BERT. */
    readonly separators: 1 | 2;
    /** The token type of each part: `bos`, the first text, each `eos` between, the second text, `eos`. BERT's second text has 1. */
    readonly types: readonly number[];
  };
  /** Which end a text that is too long loses. */
  readonly truncationSide: "left" | "right";
  /** Whether special tokens that are spelled out in a text are text, unless the caller says otherwise. */
  readonly splitSpecialTokens: boolean;
  /**
   * There where a text is its pieces alone, without `bos` and `eos` around it, as static embeddings want it: whether pieces that stand for
   * what cannot be spelled are left out too.
   */
  readonly bare?: { readonly dropsUnknown: boolean };
};

/** The ids of all tokens. */
export function idsOf(vocabulary: readonly string[], added: readonly AddedToken[]): Map<string, number> {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  ids.delete("");
  for (const { content, id } of added) ids.set(content, id);
  return ids;
}

/** The token for what cannot be spelled, if there is one. */
export function unknownTokenOf({ model, specialTokens }: TokenizerDefinition): string | undefined {
  return model.unknownToken ?? specialTokens.unknown;
}
