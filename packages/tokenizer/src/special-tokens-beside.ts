import { FormatError } from "@kindred/errors";

/**
 * The padding and mask tokens of the family that a `bos` belongs to, of those that the vocabulary has: `<pad>` and `<mask>` beside
 * `<s>`, else `[PAD]` and `[MASK]`. MPNet's vocabulary has both families, and files name neither.
 *
 * @throws FormatError if the vocabulary has no such token
 */
export function specialTokensBeside(
  bos: string,
  ids: ReadonlyMap<string, number>,
  file: string,
): { pad: string; mask: string } {
  const find = (angled: string, bracketed: string) => {
    const order = bos.startsWith("<") ? [angled, bracketed] : [bracketed, angled];
    const found = order.find((token) => ids.has(token));
    if (found !== undefined) return found;
    throw new FormatError(
      { file },
      `tokenizer: the vocabulary has no ${angled}. Got ${ids.size} tokens, expected ${angled} or ${bracketed} among them.`,
    );
  };
  return { pad: find("<pad>", "[PAD]"), mask: find("<mask>", "[MASK]") };
}
