import type { PieceList } from "./piece-list.ts";

/**
 * Stages 2 and 3: appends the pieces of `text[start, end)`, which is not empty and holds no added token, to a list until it is full or
 * a word beyond. Their places are in `text`, which is well-formed Unicode.
 */
export type PartReader = (text: string, start: number, end: number, pieces: PieceList) => void;
