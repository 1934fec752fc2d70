import { JsonField } from "@kindred/errors";

/** What a model writes of a tokenizer.json; itself as text, since the order of its vocabulary counts. */
export type ModelJson = {
  readonly pre_tokenizer: object | null;
  readonly decoder: object | null;
  readonly model: string;
};

/**
 * The tokens in the order of their ids; an id that no token has is an empty entry. There are at most as many of these as tokens, so
 * that memory is bounded by the file.
 */
export function readVocabulary(field: JsonField): string[] {
  const entries = field.entries();
  if (entries.size === 0) field.refuse("at least one token");
  const vocabulary: string[] = new Array<string>(2 * entries.size).fill("");
  let length = 0;
  for (const [token, idField] of entries) {
    const id = idField.integer(0, vocabulary.length - 1);
    if (vocabulary[id] !== "")
      idField.refuse(`an id that no other token has (${JSON.stringify(vocabulary[id])} has it)`);
    vocabulary[id] = new JsonField(token, field.file, `${field.path} key`).text();
    length = Math.max(length, id + 1);
  }
  vocabulary.length = length;
  return vocabulary;
}

/** A vocabulary as the object of a tokenizer.json, written by hand: an object of JavaScript would move tokens like "7" to the front and trip over "__proto__". */
export function vocabularyJson(vocabulary: readonly string[]): string {
  const entries = vocabulary.flatMap((token, id) => (token === "" ? [] : [`${JSON.stringify(token)}:${id}`]));
  return `{${entries.join(",")}}`;
}
