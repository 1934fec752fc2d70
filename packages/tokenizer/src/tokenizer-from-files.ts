import { FormatError, JsonField } from "@kindred/errors";
import type { NormalizerRules } from "./normalize-aligned.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { TokenizerDefinition } from "./tokenizer-definition.ts";
import {
  addedTokensIn,
  definitionFromJson,
  type ListedToken,
  listedToken,
  numbered,
  truncationSide,
  wordPieceModel,
} from "./tokenizer-from-json.ts";
import { definitionFromVocab, vocabularyIn } from "./tokenizer-from-vocab.ts";
import { type ClassName, classes, classNames, specialTokenKeys } from "./tokenizer-classes.ts";

/** The files that a tokenizer lies in, all in one folder. Either of the first two is needed. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "vocab.txt",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
] as const;

/** The contents of those files, those that are there. */
export type TokenizerFiles = { readonly [name in (typeof tokenizerFileNames)[number]]?: Uint8Array };

/** What else decides how a folder's tokenizer is read. */
export type TokenizerFilesOptions = {
  /** What errors call a file. Default: its name. */
  readonly nameOf?: (name: string) => string;
  /** The model's config.json, whose `model_type`, or `tokenizer_class`, counts where tokenizer_config.json names no class. */
  readonly config?: JsonField | undefined;
  /** What is put over keys of tokenizer_config.json. */
  readonly overrides?: ReadonlyMap<string, JsonField>;
  /** Lower-case every text first, as sentence-transformers' `do_lower_case` asks. Default: false. */
  readonly lowercase?: boolean;
};

/**
 * The tokenizer of a folder, as transformers' `AutoTokenizer` reads it.
 *
 * Its classes for MPNet and BERT make a pipeline of their own, and take from tokenizer.json or vocab.txt the vocabulary and the added
 * tokens alone: letter case, accents and Chinese characters go by tokenizer_config.json, its defaults, and the special tokens named
 * there (or in special_tokens_map.json). Tokens of `added_tokens_decoder` count, else those of added_tokens.json and tokenizer.json.
 * The class `PreTrainedTokenizerFast` takes tokenizer.json as it stands.
 *
 * @throws FormatError naming the file and the key, for what would give other ids and is not obeyed, and for another class
 * @see huggingface/transformers 5.24, `tokenization_utils_base.py`, `_from_pretrained`; `tokenization_utils_tokenizers.py`
 * @example
 * ```ts
 * import { tokenizerFromFiles } from "@kindred/tokenizer";
 *
 * const bytes = (text: string) => new TextEncoder().encode(text);
 * const tokenizer = tokenizerFromFiles({
 *   "vocab.txt": bytes("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nHello\nhello\n"),
 *   "tokenizer_config.json": bytes('{ "tokenizer_class": "BertTokenizer", "do_lower_case": false }'),
 * });
 * tokenizer.encode("Hello").ids; // => [2, 5, 3]
 * ```
 */
export function tokenizerFromFiles(files: TokenizerFiles, options: TokenizerFilesOptions = {}): Tokenizer {
  const definition = definitionFromFiles(files, options);
  if (options.lowercase !== true || lowersFirst(definition.normalizer)) return new Tokenizer(definition);
  return new Tokenizer({ ...definition, normalizer: [lowerCase, ...definition.normalizer] });
}

const lowerCase: NormalizerRules = { cleanText: false, padChinese: false, stripAccents: false, lowercase: true };

/** Whether lower-casing before these rules changes nothing: a test goes through all code points for MPNet's and BERT's own. */
function lowersFirst([first]: readonly NormalizerRules[]): boolean {
  return first?.lowercase === true && (first.stripAccents || !first.cleanText);
}

/** The class that the files name, else that of the model's type; undefined where nothing says. */
function classOf(named: JsonField, config: JsonField | undefined): ClassName | undefined {
  const type = config?.field("model_type").value;
  const field = [named, config?.field("tokenizer_class")].find((candidate) => candidate?.isNull === false);
  if (field === undefined)
    return typeof type === "string" && Object.hasOwn(classNames, type) ? classNames[type] : undefined;
  const name = field.text().replace(/Fast$/, "");
  const known = name.endsWith("Tokenizer") || name === "TokenizersBackend" ? classNames[name] : undefined;
  return (
    known ?? field.refuse("MPNetTokenizer, BertTokenizer or PreTrainedTokenizerFast: words are cut by WordPiece only")
  );
}

/** Models whose positions count tokens: padding on the left moves nothing. */
const countTokens: readonly unknown[] = ["mpnet", "roberta", "xlm-roberta"];

/** The settings of tokenizer_config.json, under those of special_tokens_map.json and of the caller. */
type Settings = {
  readonly get: (key: string) => JsonField;
  readonly keys: () => Iterable<string>;
  /** Special tokens without a name. `additional_special_tokens` of special_tokens_map.json count where there are no others. */
  readonly extra: readonly JsonField[];
  /** Those of them that are known when added_tokens.json is read. */
  readonly early: readonly JsonField[];
  /** The token that a setting names, `byDefault` where it is a text. */
  readonly token: (field: JsonField, byDefault?: Partial<ListedToken>) => ListedToken;
};

function readSettings(parsed: ParsedFiles, overrides: ReadonlyMap<string, JsonField>): Settings {
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

type ParsedFiles = (name: (typeof tokenizerFileNames)[number]) => JsonField;

function definitionFromFiles(files: TokenizerFiles, options: TokenizerFilesOptions): TokenizerDefinition {
  const { nameOf = (name: string) => name, overrides = new Map() } = options;
  const parsed: ParsedFiles = (name) => {
    const bytes = files[name];
    return bytes === undefined ? new JsonField({}, nameOf(name)) : JsonField.parse(bytes, nameOf(name));
  };
  const json = files["tokenizer.json"] === undefined ? undefined : parsed("tokenizer.json");
  const vocabulary = files["vocab.txt"];
  const settings = readSettings(parsed, overrides);
  const { get } = settings;
  refuseOthers(get, { json, type: options.config?.field("model_type").value });
  const side = get("truncation_side");
  const common = {
    truncationSide: !side.isNull ? side.oneOf("right", "left") : json === undefined ? "right" : truncationSide(json),
    splitSpecialTokens: get("split_special_tokens").boolean(false),
  } as const;
  const added = listedTokens(get("added_tokens_decoder"), { json, added: parsed("added_tokens.json"), settings });
  const className = classOf(get("tokenizer_class"), options.config);
  if (className === "MPNetTokenizer" || className === "BertTokenizer") {
    const entries =
      json !== undefined ? wordPieceModel(json.field("model")).vocabulary : vocabularyOf(vocabulary, nameOf);
    return { ...builtDefinition(entries, added, { settings, className }), ...common };
  }
  if (json !== undefined) return { ...withTokens(definitionFromJson(json), added, settings), ...common };
  if (className !== undefined)
    throw new FormatError({ file: nameOf("tokenizer.json") }, "the file is missing, and its class can't do without.");
  const rules = normalizerOf(get);
  const text = decoded(vocabulary, nameOf);
  return {
    ...withTokens(definitionFromVocab(text, { file: nameOf("vocab.txt"), ...rules }), added, settings),
    ...common,
  };
}

/** What would give other ids, or vectors that depend on a text's neighbours, and is not obeyed. */
function refuseOthers(
  get: Settings["get"],
  { json, type }: { readonly json: JsonField | undefined; readonly type: unknown },
): void {
  for (const key of ["auto_map", "processor_class"]) get(key).oneOf(null, undefined);
  const inputs = get("model_input_names");
  if (!inputs.isNull && !inputs.array().some(({ value }) => value === "attention_mask"))
    inputs.refuse("attention_mask among them");
  if (json === undefined) for (const key of ["add_bos_token", "add_eos_token"]) get(key).oneOf(false, null, undefined);
  if (countTokens.includes(type)) return;
  const padding = json?.field("padding");
  const side =
    get("padding_side").isNull && padding?.isNull === false ? padding.field("direction") : get("padding_side");
  if (side.value !== "Right") side.oneOf("right", null, undefined);
}

/** The pipeline that one of transformers' classes makes of a vocabulary and of the tokens that the files name. */
function builtDefinition(
  vocabulary: readonly string[],
  added: readonly ListedToken[],
  { settings, className }: { readonly settings: Settings; readonly className: keyof typeof classes },
): Omit<TokenizerDefinition, "truncationSide" | "splitSpecialTokens"> {
  const { tokens, pair, maskStripsLeft } = classes[className];
  const { get } = settings;
  const named = namedTokens(settings, tokens, (field, key) => {
    const token = settings.token(field, { stripLeft: maskStripsLeft && key === "mask_token" });
    return added.find(({ content }) => content === token.content) ?? token;
  });
  const role = (key: string) => named.get(key)?.content ?? get(key).refuse("the text of a token");
  const unknownToken = role("unk_token");
  if (!vocabulary.includes(unknownToken))
    get("unk_token").refuse(`a token of the vocabulary, as ${unknownToken} is not`);
  const mask = named.get("mask_token")?.content;
  return {
    vocabulary,
    addedTokens: numbered(withSpecial(added, named, settings), vocabulary),
    normalizer: [normalizerOf(get)],
    wordPiece: { unknownToken, continuingPrefix: "##", maxWordLength: 100 },
    specialTokens: {
      ...{ bos: role("cls_token"), eos: role("sep_token"), pad: role("pad_token") },
      ...(mask === undefined ? {} : { mask }),
    },
    pair,
  };
}

/** A definition that a file gives by itself, with the tokens that the files beside it name; those it has already count first. */
function withTokens(
  definition: TokenizerDefinition,
  added: readonly ListedToken[],
  settings: Settings,
): TokenizerDefinition {
  const named = namedTokens(settings, {}, (field) => settings.token(field));
  const own = definition.addedTokens.map(({ id: _, ...token }) => token);
  const all = withSpecial([...own, ...added], named, settings);
  const addedTokens = numbered(all, definition.vocabulary);
  const { bos, eos, pad, mask: likely } = definition.specialTokens;
  const hasNoMask = settings.get("mask_token").value === null;
  const mask = named.get("mask_token")?.content ?? (hasNoMask ? undefined : likely);
  return {
    ...definition,
    addedTokens,
    specialTokens: {
      ...{ bos, eos, pad: named.get("pad_token")?.content ?? pad },
      ...(mask === undefined ? {} : { mask }),
    },
  };
}

/** The tokens with a name, by it: `cls_token` and the like, and any further `…_token` that a model has. */
function namedTokens(
  settings: Settings,
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
function withSpecial(
  listed: readonly ListedToken[],
  named: ReadonlyMap<string, ListedToken>,
  { extra, token }: Settings,
): ListedToken[] {
  const names = new Set(Array.from(named.values(), ({ content }) => content));
  const known = new Set(listed.map(({ content }) => content));
  const others = [...named.values(), ...extra.map((field) => token(field))].filter(
    ({ content }) => !known.has(content),
  );
  return [...listed, ...others].map((each) => (names.has(each.content) ? { ...each, special: true } : each));
}

/** The added tokens that the files list, by id: `added_tokens_decoder`, else added_tokens.json and tokenizer.json. */
function listedTokens(
  decoder: JsonField,
  {
    json,
    added,
    settings,
  }: { readonly json: JsonField | undefined; readonly added: JsonField; readonly settings: Settings },
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
function normalizerOf(get: Settings["get"]): NormalizerRules {
  const lowercase = get("do_lower_case").boolean(true);
  return {
    cleanText: true,
    padChinese: get("tokenize_chinese_chars").boolean(true),
    stripAccents: get("strip_accents").boolean(lowercase),
    lowercase,
  };
}

function vocabularyOf(bytes: Uint8Array | undefined, nameOf: (name: string) => string): string[] {
  return vocabularyIn(decoded(bytes, nameOf), nameOf("vocab.txt"));
}

function decoded(bytes: Uint8Array | undefined, nameOf: (name: string) => string): string {
  if (bytes === undefined)
    throw new FormatError(
      { file: nameOf("tokenizer.json") },
      "the file is missing, and so is vocab.txt. Expected one of them.",
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError({ file: nameOf("vocab.txt") }, "not valid UTF-8. Is the file complete?", {}, { cause });
  }
}
