import { byteLetters } from "./byte-letters.ts";
import type { CutWord } from "./cut-word.ts";
import { mergeTable } from "./merge-table.ts";
import { MinHeap } from "./min-heap.ts";
import { SymbolList } from "./symbol-list.ts";

/** How words are cut into pieces by byte-level BPE, and the text into words before that. */
export type BytePairRules = {
  /** The pairs of entries that are joined, the first ones first. What a pair spells together is an entry too. */
  readonly merges: readonly (readonly [left: string, right: string])[];
  /** Whether a text that does not begin with a space, and what follows an added token without one, is read as if it did. */
  readonly prefixSpace: boolean;
  /** Whether a text is cut into GPT-2's words, so that no piece reaches across two. Otherwise all of it is one word. */
  readonly splitsWords: boolean;
  /** Whether a word that is an entry is one piece even where the merges do not make it. */
  readonly ignoresMerges: boolean;
  /** The entry for a byte that has none of its own. Without it such a byte has no piece. */
  readonly unknownToken?: string;
  /** Whether such bytes beside each other are one unknown piece. */
  readonly fusesUnknown: boolean;
};

/** The most merges: below this, a rank and a place in a word fit into one number of 53 bits. */
export const mostMerges = 2 ** 22;

/**
 * Stage 3 of 4 for RoBERTa: a word's bytes in UTF-8, joined pair by pair in the order of the merges, the leftmost of equal pairs first.
 *
 * Time is that of n log n for n bytes. A lone surrogate reads as U+FFFD. A piece that is part of a character has the whole character's place.
 *
 * @throws RangeError if a merge or the unknown token is not in the vocabulary
 * @see Sennrich et al., Neural Machine Translation of Rare Words with Subword Units, 2016; Radford et al., Language Models are
 * Unsupervised Multitask Learners, 2019
 */
export function createBytePair(vocabulary: readonly string[], rules: BytePairRules): CutWord {
  // `!`: what is in the heap, and what a symbol has beside it, is a symbol of the list or −1, which is looked at first.
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const idOf = (token: string) => {
    const id = ids.get(token);
    if (id === undefined) throw new RangeError(`createBytePair: no entry ${JSON.stringify(token)}.`);
    return id;
  };
  const unknownId = rules.unknownToken === undefined ? -1 : idOf(rules.unknownToken);
  const letters = byteLetters();
  const byteIds = Int32Array.from(letters, (letter) => ids.get(letter) ?? -1);
  const merges = mergeTable(
    Int32Array.from(rules.merges.flatMap(([left, right]) => [idOf(left), idOf(right), idOf(left + right)])),
  );
  const longestEntry = vocabulary.reduce((longest, { length }) => Math.max(longest, length), 0);
  const symbols = new SymbolList(byteIds, { unknownId, fusesUnknown: rules.fusesUnknown });
  const heap = new MinHeap();

  const pushPair = (left: number) => {
    if (left < 0) return;
    const right = symbols.next[left]!;
    const place = right < 0 ? -1 : merges.find(symbols.ids[left]!, symbols.ids[right]!);
    if (place >= 0) heap.push(merges.rankAt(place) * placesOfRank + left);
  };

  const join = () => {
    for (let at = 0; at < symbols.count; at++) pushPair(at);
    while (heap.count > 0) {
      const key = heap.pop();
      const left = key % placesOfRank;
      const right = symbols.next[left]!;
      // What a pair in the heap was made of may be gone: then another pair, of another rank, stands there, or none.
      if (symbols.ids[left]! < 0 || right < 0) continue;
      const place = merges.find(symbols.ids[left]!, symbols.ids[right]!);
      if (place < 0 || merges.rankAt(place) !== (key - left) / placesOfRank) continue;
      symbols.join(left, right, merges.idAt(place));
      pushPair(symbols.previous[left]!);
      pushPair(left);
    }
  };

  /** The id of the word as a whole, if it is an entry. */
  const wholeId = (text: string, start: number, end: number) => {
    if (end - start > longestEntry) return undefined;
    const bytes = new TextEncoder().encode(text.slice(start, end));
    return ids.get(Array.from(bytes, (byte) => letters[byte]).join(""));
  };

  return (text, start, end, pieces) => {
    const id = rules.ignoresMerges ? wholeId(text, start, end) : undefined;
    if (id !== undefined) {
      pieces.push(id, start, end);
      return;
    }
    symbols.spell(text, start, end);
    join();
    for (let at = symbols.count > 0 ? 0 : -1; at >= 0; at = symbols.next[at]!)
      pieces.push(symbols.ids[at]!, symbols.starts[at]!, symbols.ends[at]!);
    symbols.clear();
  };
}

/** A key of the heap is a pair's rank times this plus the place of its left symbol: no text has 2³¹ bytes. */
const placesOfRank = 2 ** 31;
