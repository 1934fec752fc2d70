import type { AddedToken } from "./added-token.ts";
import type { NormalizerRules } from "./normalize-aligned.ts";
import type { WordPieceRules } from "./word-piece.ts";

/** Everything that makes one tokenizer different from another, as plain data: what tokenizer.json and vocab.txt are read into. */
export type TokenizerDefinition = {
  /** The WordPiece vocabulary; an id is an index. Entries are distinct, not empty, and well-formed Unicode. */
  readonly vocabulary: readonly string[];
  /** Tokens looked for in the text itself. Those that are not in `vocabulary` have the ids that follow it, without gaps. */
  readonly addedTokens: readonly AddedToken[];
  readonly normalizer: NormalizerRules;
  readonly wordPiece: WordPieceRules;
  /** The tokens with a role, all of them in `vocabulary` or among `addedTokens`. */
  readonly specialTokens: SpecialTokens;
  /** How many `eos` stand between the two texts of a pair: 2 for MPNet, 1 for BERT. */
  readonly pairSeparators: 1 | 2;
};

/** The tokens with a role, by name. */
export type SpecialTokens = {
  /** Before every text: `<s>`, BERT's `[CLS]`. */
  readonly bos: string;
  /** After every text: `</s>`, BERT's `[SEP]`. */
  readonly eos: string;
  /** Fills short rows of a padded batch: `<pad>`. */
  readonly pad: string;
  /** Stands for a hidden word in pretraining: `<mask>`. */
  readonly mask: string;
};
