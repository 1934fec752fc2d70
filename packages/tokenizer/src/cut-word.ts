/**
 * Cuts the word `text[start, end)` and appends its pieces to `pieces`, three numbers each: id, start, end, in the units of `text`.
 */
export type CutWord = (text: string, start: number, end: number, pieces: number[]) => void;
