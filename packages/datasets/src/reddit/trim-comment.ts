/**
 * A comment cut to at most so many characters (Unicode code points), without splitting a word: it ends where letters and digits give way to
 * other characters, or the other way round, and is empty where its beginning is one run of either.
 *
 * @see M. Henderson et al., A Repository of Conversational Datasets (2019), reddit/create_data.py, `trim`
 *
 * @example
 * ```ts
 * import { trimComment } from "@kindred/datasets";
 *
 * trimComment("Matthew Henderson", 7); // => "Matthew"
 * trimComment("Matthew Henderson", 9); // => "Matthew "
 * trimComment("Matthew", 2); // => ""
 * ```
 */
export function trimComment(text: string, maxLength: number): string {
  if (!isLonger(text, maxLength)) return text;
  const characters: string[] = [];
  for (const character of text) {
    characters.push(character);
    if (characters.length === maxLength + 1) break;
  }
  const isWord = characters.map((character) => /[\p{L}\p{N}]/u.test(character));
  let length = characters.length;
  while (length > 1 && isWord[length - 1] === isWord[length - 2]) length--;
  return characters.slice(0, length - 1).join("");
}

/** Whether a text has more than so many characters; only one that may have is counted. */
export function isLonger(text: string, maxLength: number): boolean {
  if (text.length <= maxLength) return false;
  if (text.length > 2 * maxLength) return true; // no character has more than two units
  let count = 0;
  for (const _ of text) if (++count > maxLength) return true;
  return false;
}
