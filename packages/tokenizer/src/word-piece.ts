import type { CutWord } from "./cut-word.ts";
import { vocabularyTrie } from "./vocabulary-trie.ts";

/** How words are cut into pieces. */
export type WordPieceRules = {
  /** The entry for a word that cannot be cut: `[UNK]`. */
  readonly unknownToken: string;
  /** What entries that go on inside a word begin with: `##`. */
  readonly continuingPrefix: string;
  /** A word of more code points than this is unknown as a whole: 100. */
  readonly maxWordLength: number;
};

/**
 * Stage 3 of 4: words into pieces of a vocabulary, greedily, the longest entry first.
 *
 * Where at some place no entry fits, or where the word is longer than `maxWordLength`, the whole word is one unknown piece. An id
 * is the entry's index in the vocabulary. A word costs at most its length × the longest entry's.
 *
 * @throws RangeError if the vocabulary lacks the unknown token
 * @see Schuster & Nakajima, Japanese and Korean Voice Search, 2012; Wu et al., Google's Neural Machine Translation System, 2016
 * @example
 * ```ts
 * import { createWordPiece } from "@kindred/tokenizer";
 *
 * const rules = { unknownToken: "[UNK]", continuingPrefix: "##", maxWordLength: 100 };
 * const cut = createWordPiece(["[UNK]", "un", "##able", "##ab"], rules);
 * const pieces: number[] = [];
 * cut("unable", 0, 6, pieces);
 * pieces; // => [1, 0, 2, 2, 2, 6]
 * ```
 */
export function createWordPiece(vocabulary: readonly string[], rules: WordPieceRules): CutWord {
  const unknownId = vocabulary.indexOf(rules.unknownToken);
  if (unknownId < 0) throw new RangeError(`createWordPiece: no entry ${JSON.stringify(rules.unknownToken)}.`);
  const trie = vocabularyTrie(vocabulary);
  let continuation = 0;
  for (let i = 0; i < rules.continuingPrefix.length; i++) {
    continuation = trie.step(continuation, rules.continuingPrefix.charCodeAt(i));
  }
  return (text, start, end, pieces) => {
    const before = pieces.length;
    let at = isLongerThan(rules.maxWordLength, text, start, end) ? -1 : start;
    while (at >= 0 && at < end) {
      let node = at === start ? 0 : continuation;
      let id = -1;
      let idEnd = -1;
      for (let i = at; i < end; i++) {
        node = trie.step(node, text.charCodeAt(i));
        if (node < 0) break;
        if (trie.idAt(node) >= 0) {
          id = trie.idAt(node);
          idEnd = i + 1;
        }
      }
      if (id >= 0) pieces.push(id, at, idEnd);
      at = idEnd;
    }
    if (at < 0) {
      pieces.length = before;
      pieces.push(unknownId, start, end);
    }
  };
}

/** Whether `text[start, end)` has more than `limit` code points; looks at twice as many units at most. */
function isLongerThan(limit: number, text: string, start: number, end: number): boolean {
  if (end - start <= limit) return false;
  if (end - start > 2 * limit) return true;
  let count = 0;
  for (let at = start; at < end; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1; // at < end
  return count > limit;
}
