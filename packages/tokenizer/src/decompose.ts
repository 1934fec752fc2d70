import type { AlignedText } from "./normalize-aligned.ts";
import { canonicalDecomposition, combiningClass } from "./unicode-data.ts";

/** A mark that waits for its place, and whether it is the first code point that its source decomposes to. */
type Mark = { readonly code: number; readonly first: boolean; readonly combiningClass: number };

/**
 * The text in Unicode normalization form D: every code point taken apart, runs of marks in canonical order.
 *
 * Alignment follows the Rust tokenizers: after sorting, the k-th part that is its source's first is aligned with the k-th source,
 * and each other part with the same source as the part before it. So alignments never fall, even where marks change places.
 *
 * @see Unicode Standard Annex #15, Unicode Normalization Forms
 */
export function decompose({ codes, starts }: AlignedText): AlignedText {
  const decomposed: AlignedText = { codes: [], starts: [] };
  let marks: Mark[] = [];
  let source = -1;
  const emit = (code: number, first: boolean) => {
    if (first) source++;
    decomposed.codes.push(code);
    decomposed.starts.push(starts[source] ?? 0); // as many firsts as sources
  };
  const emitMarks = () => {
    marks.sort((a, b) => a.combiningClass - b.combiningClass); // stable: equal classes keep their order
    for (const { code, first } of marks) emit(code, first);
    marks = [];
  };
  const place = (code: number, first: boolean) => {
    const ofCode = combiningClass(code);
    if (ofCode > 0) {
      marks.push({ code, first, combiningClass: ofCode });
    } else {
      if (marks.length > 0) emitMarks();
      emit(code, first);
    }
  };
  for (const code of codes) {
    const parts = canonicalDecomposition(code);
    if (parts === undefined) place(code, true);
    else for (const [i, part] of parts.entries()) place(part, i === 0);
  }
  if (marks.length > 0) emitMarks();
  return decomposed;
}
