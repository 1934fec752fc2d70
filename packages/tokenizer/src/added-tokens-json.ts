import type { JsonField } from "@kindred/errors";
import { type AddedToken, idsOf } from "./tokenizer-definition.ts";

/** A token with the id that its file gives it, if it gives one, and the place that says so. */
export type ListedToken = Omit<AddedToken, "id"> & { readonly id?: JsonField };

/** The `added_tokens` of a tokenizer.json. */
export function addedTokensIn(field: JsonField): ListedToken[] {
  return (field.isNull ? [] : field.array()).map((token) => ({ ...listedToken(token), id: token.field("id") }));
}

/** A token spelled as an object with its flags, as all files spell it. */
export function listedToken(field: JsonField, { special }: { readonly special?: true } = {}): Omit<AddedToken, "id"> {
  const token = field.object("__type", "id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
  const isSpecial = special ?? token.special.boolean(false);
  return {
    content: token.content.text(),
    special: isSpecial,
    normalized: token.normalized.boolean(!isSpecial),
    singleWord: token.single_word.boolean(false),
    stripLeft: token.lstrip.boolean(false),
    stripRight: token.rstrip.boolean(false),
  };
}

/**
 * Tokens with the ids that the Rust tokenizers give them: the one in the vocabulary, else the next one after it. Of two that are
 * spelled alike the later one's flags count.
 *
 * @throws FormatError where a file says another id
 */
export function numbered(tokens: readonly ListedToken[], vocabulary: readonly string[]): AddedToken[] {
  const ids = idsOf(vocabulary, []);
  let next = vocabulary.length;
  const added = new Map<string, AddedToken>();
  for (const { id: said, ...token } of tokens) {
    const id = ids.get(token.content) ?? added.get(token.content)?.id ?? next++;
    if (said !== undefined && said.integer(0, id) !== id)
      said.refuse(`${id}, the id it has in the vocabulary or the next one after it`);
    added.set(token.content, { id, ...token });
  }
  return [...added.values()];
}
