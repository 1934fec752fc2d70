import { JsonField } from "@kindred/errors";
import { addedTokensIn, type ListedToken, listedToken } from "./added-tokens-json.ts";
import type { NormalizerRules } from "./normalize-aligned.ts";
import { specialTokenKeys } from "./tokenizer-classes.ts";

/** The files that a tokenizer lies in, all in one folder. The first, the second, or the third and the fourth are needed. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
] as const;

/** The settings of tokenizer_config.json, under those of special_tokens_map.json and of the caller. */
export type TokenizerSettings = {
  readonly get: (key: string) => JsonField;
  readonly keys: () => Iterable<string>;
  /** Special tokens without a name. `additional_special_tokens` of special_tokens_map.json count where there are no others. */
  readonly extra: readonly JsonField[];
  /** Those of them that are known when added_tokens.json is read. */
  readonly early: readonly JsonField[];
  /** The token that a setting names, `byDefault` where it is a text. */
  readonly token: (field: JsonField, byDefault?: Partial<ListedToken>) => ListedToken;
};

/**
 * The settings that the files make together, each file before the one that it counts over, and the caller's over all.
 *
 * @see huggingface/transformers 5.24, `tokenization_utils_base.py`, `_from_pretrained`
 */
export function readSettings(parsed: ParsedFiles, overrides: ReadonlyMap<string, JsonField>): TokenizerSettings {
  const config = parsed("tokenizer_config.json");
  // As there: where the first names all added tokens, the second is not looked at.
  const hasDecoder = [config.field("added_tokens_decoder"), overrides.get("added_tokens_decoder")].some(
    (field) => field?.isNull === false,
  );
  const map = parsed("special_tokens_map.json");
  const own = new Map([...config.entries(), ...overrides]);
  const beside = hasDecoder ? new Map<string, JsonField>() : map.entries();
  const said = new Map([...own, ...beside, ...overrides]);
  const list = (fields: ReadonlyMap<string, JsonField>, key: string) => {
    const field = fields.get(key);
    return Array.isArray(field?.value) && field.value.length > 0 ? field.array() : undefined;
  };
  const ofConfig = own.get("extra_special_tokens");
  const hasNames = ofConfig?.isNull === false && !Array.isArray(ofConfig.value); // then it is tokens by name
  const listed = list(own, "extra_special_tokens") ?? (hasNames ? undefined : list(own, "additional_special_tokens"));
  const early = [...(listed ?? []), ...(list(beside, "extra_special_tokens") ?? [])];
  const late = ofConfig === undefined || hasNames ? (list(said, "additional_special_tokens") ?? []) : [];
  return {
    early,
    extra: early.length > 0 ? early : late,
    get: (key) => said.get(key) ?? config.field(key),
    keys: () => said.keys(),
    token: (field, byDefault = {}) =>
      typeof field.value === "string"
        ? { ...specialToken, content: field.text(), ...byDefault }
        : listedToken(field, field.file === map.file ? { special: true } : {}),
  };
}

const specialToken = { special: true, normalized: false, singleWord: false, stripLeft: false, stripRight: false };

/** A tokenizer's file by its name, parsed; an empty object where there is none. */
export type ParsedFiles = (name: (typeof tokenizerFileNames)[number]) => JsonField;

/** The tokens with a name, by it: `cls_token` and the like, and any further `…_token` that a model has. */
export function namedTokens(
  settings: TokenizerSettings,
  byDefault: { readonly [key: string]: string },
  read: (field: JsonField, key: string) => ListedToken,
): Map<string, ListedToken> {
  const isToken = ({ value }: JsonField) => typeof value === "string" || (typeof value === "object" && value !== null);
  const further = [...settings.keys()].filter((key) => key.endsWith("_token") && !specialTokenKeys.includes(key));
  const fields = [...specialTokenKeys, ...further].map((key): [string, JsonField] => {
    const field = settings.get(key);
    return [key, field.value === undefined ? new JsonField(byDefault[key], field.file, key) : field];
  });
  for (const key of ["extra_special_tokens", "model_specific_special_tokens"]) {
    const field = settings.get(key);
    if (!field.isNull && !Array.isArray(field.value)) fields.push(...field.entries());
  }
  return new Map(fields.filter(([, field]) => isToken(field)).map(([key, field]) => [key, read(field, key)]));
}

/** Listed tokens, and those with a name or none that are not among them. Named tokens are special, whatever their flags say. */
export function withSpecial(
  listed: readonly ListedToken[],
  named: ReadonlyMap<string, ListedToken>,
  { extra, token }: TokenizerSettings,
): ListedToken[] {
  const names = new Set(Array.from(named.values(), ({ content }) => content));
  const known = new Set(listed.map(({ content }) => content));
  const others = [...named.values(), ...extra.map((field) => token(field))].filter(
    ({ content }) => !known.has(content),
  );
  return [...listed, ...others].map((each) => (names.has(each.content) ? { ...each, special: true } : each));
}

/** The added tokens that the files list, by id: `added_tokens_decoder`, else added_tokens.json and tokenizer.json. */
export function listedTokens(
  decoder: JsonField,
  {
    json,
    added,
    settings,
  }: { readonly json: JsonField | undefined; readonly added: JsonField; readonly settings: TokenizerSettings },
): ListedToken[] {
  const listed = new Map<number, ListedToken>();
  const put = (id: JsonField, token: ListedToken) => listed.set(id.integer(0, 2 ** 31), { ...token, id });
  if (!decoder.isNull) {
    for (const [key, field] of decoder.entries())
      put(new JsonField(Number(key), field.file, field.path), listedToken(field));
  } else {
    const named = specialTokenKeys.map((key) => settings.get(key)).filter(({ isNull }) => !isNull);
    const special = new Set([...named, ...settings.early].map((field) => settings.token(field).content));
    for (const [key, id] of added.entries()) {
      const content = new JsonField(key, id.file, id.path).text();
      const isSpecial = special.has(content);
      put(id, { ...specialToken, content, special: isSpecial, normalized: !isSpecial });
    }
    for (const token of json === undefined ? [] : addedTokensIn(json.field("added_tokens")))
      if (token.id !== undefined) put(token.id, token);
  }
  return [...listed].sort(([a], [b]) => a - b).map(([, token]) => token);
}

/** Letter case, accents and Chinese characters as tokenizer_config.json has them. */
export function normalizerOf(get: TokenizerSettings["get"]): NormalizerRules {
  const lowercase = get("do_lower_case").boolean(true);
  return {
    kind: "Bert",
    cleanText: true,
    padChinese: get("tokenize_chinese_chars").boolean(true),
    stripAccents: get("strip_accents").boolean(lowercase),
    lowercase,
  };
}
