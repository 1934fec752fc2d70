import type { CutWord } from "./cut-word.ts";
import { vocabularyTrie } from "./vocabulary-trie.ts";

/** How a text is cut into the likeliest pieces. */
export type UnigramScores = {
  /** The logarithm of each piece's probability, in the order of the vocabulary. */
  readonly scores: readonly number[];
  /** The entry for what cannot be spelled: `<unk>`. */
  readonly unknownToken: string;
  /** Whether what cannot be spelled becomes its bytes in UTF-8, `<0xE2>`, where the vocabulary has them all. */
  readonly byteFallback: boolean;
};

const unknownPenalty = 10;

/**
 * Cuts a text into the pieces whose scores have the greatest sum (Viterbi's algorithm). Appends as a {@link CutWord} does: id, start, end.
 *
 * A character that is no entry may be unknown, for the lowest score less 10; unknown characters in a row are one piece, or the bytes of all
 * of them, each with the place of the whole. Of two cuts with the same sum the one whose last piece is longer counts. An entry that is there
 * twice has the later one's id and score.
 *
 * Takes time in proportion to the text times the longest entry. Sums are float64, from the left, as in the Rust tokenizers, so that even ties
 * fall as there.
 *
 * @throws RangeError if the vocabulary lacks the unknown token, or there is not a score for each entry
 * @see Kudo, Subword Regularization, 2018
 * @example
 * ```ts
 * import { createUnigram } from "@kindred/tokenizer";
 *
 * const scores = [0, -1, -1.5, -3];
 * const cut = createUnigram(["<unk>", "a", "ab", "b"], { scores, unknownToken: "<unk>", byteFallback: false });
 * const pieces: number[] = [];
 * cut("aabx", 0, 4, pieces);
 * pieces; // => [1, 0, 1, 2, 1, 3, 0, 3, 4]
 * ```
 */
export function createUnigram(vocabulary: readonly string[], rules: UnigramScores): CutWord {
  const { scores, unknownToken, byteFallback } = rules;
  const unknownId = vocabulary.lastIndexOf(unknownToken);
  if (unknownId < 0) throw new RangeError(`createUnigram: no entry ${JSON.stringify(unknownToken)}.`);
  if (scores.length !== vocabulary.length)
    throw new RangeError(`createUnigram: ${scores.length} scores for ${vocabulary.length} entries.`);
  const trie = vocabularyTrie(vocabulary);
  const ofPiece = Float64Array.from(scores);
  const unknownScore =
    ofPiece.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY) - unknownPenalty;
  const byteIds = byteFallback ? idsOfBytes(vocabulary) : undefined;

  // By where a piece ends: the best sum of scores to there, where the last piece of that cut starts (−1: none ends here), and its id.
  let best = new Float64Array(0);
  let from = new Int32Array(0);
  let ids = new Int32Array(0);
  const reach = (end: number, sum: number, start: number, id: number) => {
    // `!`: end is at most the length of the text, for which there is room.
    if (from[end]! >= 0 && sum <= best[end]!) return;
    best[end] = sum;
    from[end] = start;
    ids[end] = id;
  };

  /** Fills the three for `text[start, start + length)`. `!`: indices are at most its length, and a node's id has a score. */
  const findBest = (text: string, start: number, length: number) => {
    if (from.length <= length) {
      best = new Float64Array(2 * length + 1);
      from = new Int32Array(2 * length + 1);
      ids = new Int32Array(2 * length + 1);
    }
    from.fill(-1, 0, length + 1);
    best[0] = 0;
    let width = 1;
    for (let at = 0; at < length; at += width) {
      const sum = best[at]!;
      width = text.codePointAt(start + at)! > 0xffff ? 2 : 1;
      let isSpelled = false;
      let node = 0;
      for (let end = at + 1; end <= length; end++) {
        node = trie.step(node, text.charCodeAt(start + end - 1));
        if (node < 0) break;
        const id = trie.idAt(node);
        if (id < 0) continue;
        reach(end, sum + ofPiece[id]!, at, id);
        if (end === at + width) isSpelled = true;
      }
      if (!isSpelled) reach(at + width, sum + unknownScore, at, unknownId);
    }
  };

  /** The id of an entry that is spelled like a run of unknown characters, −1 if there is none. */
  const entryOf = (text: string, start: number, end: number) => {
    let node = 0;
    for (let i = start; i < end && node >= 0; i++) node = trie.step(node, text.charCodeAt(i));
    return node < 0 ? -1 : trie.idAt(node);
  };

  const cut: number[] = []; // from the last piece to the first
  return (text, start, end, pieces) => {
    findBest(text, start, end - start);
    cut.length = 0;
    let isUnknown = false;
    for (let at = end - start; at > 0; at = from[at]!) {
      if (isUnknown && ids[at] === unknownId) cut[cut.length - 2] = start + from[at]!;
      else cut.push(start + at, start + from[at]!, ids[at]!);
      isUnknown = ids[at] === unknownId;
    }
    // `!`: three numbers a piece.
    for (let i = cut.length - 3; i >= 0; i -= 3) {
      const [pieceEnd, pieceStart, id] = [cut[i]!, cut[i + 1]!, cut[i + 2]!];
      if (id !== unknownId) {
        pieces.push(id, pieceStart, pieceEnd);
        continue;
      }
      const entry = entryOf(text, pieceStart, pieceEnd);
      const bytes = entry < 0 && byteIds !== undefined ? bytesAs(byteIds, text.slice(pieceStart, pieceEnd)) : undefined;
      for (const part of bytes ?? [entry < 0 ? unknownId : entry]) pieces.push(part, pieceStart, pieceEnd);
    }
  };
}

/** The ids of `<0x00>` to `<0xFF>`, −1 for one that is not there. */
function idsOfBytes(vocabulary: readonly string[]): Int32Array {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  return Int32Array.from(
    { length: 256 },
    (_, byte) => ids.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`) ?? -1,
  );
}

function bytesAs(byteIds: Int32Array, text: string): number[] | undefined {
  const ids = Array.from(new TextEncoder().encode(text), (byte) => byteIds[byte] ?? -1);
  return ids.includes(-1) ? undefined : ids;
}
