import { FormatError, JsonField } from "@kindred/errors";
import { type ListedToken, numbered } from "./added-tokens-json.ts";
import { type ClassSources, classModel } from "./class-model.ts";
import type { NormalizerRules } from "./normalize-aligned.ts";
import type { NormalizerStep } from "./normalizer-step.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { TokenizerDefinition } from "./tokenizer-definition.ts";
import { definitionFromJson, truncationSide } from "./tokenizer-from-json.ts";
import {
  listedTokens,
  namedTokens,
  normalizerOf,
  type ParsedFiles,
  readSettings,
  type tokenizerFileNames,
  type TokenizerSettings,
  withSpecial,
} from "./tokenizer-settings.ts";
import { definitionFromVocab } from "./tokenizer-from-vocab.ts";
import { type ClassName, classes, classNames } from "./tokenizer-classes.ts";

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
 * Its classes for MPNet, BERT and RoBERTa make a pipeline of their own, and take from tokenizer.json, or from vocab.txt, or from
 * vocab.json and merges.txt, the vocabulary, the merges and the added tokens alone: letter case, accents and Chinese characters go by tokenizer_config.json, its defaults, and the special tokens named
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

const lowerCase: NormalizerRules = {
  kind: "Bert",
  cleanText: false,
  padChinese: false,
  stripAccents: false,
  lowercase: true,
};

/** Whether lower-casing before these rules changes nothing: a test goes through all code points for MPNet's and BERT's own. */
function lowersFirst([first]: readonly NormalizerStep[]): boolean {
  return first?.kind === "Bert" && first.lowercase && (first.stripAccents || !first.cleanText);
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
    known ??
    field.refuse(
      "MPNetTokenizer, BertTokenizer, RobertaTokenizer, XLMRobertaTokenizer, CamembertTokenizer or PreTrainedTokenizerFast",
    )
  );
}

/** Models whose positions count tokens: padding on the left moves nothing. */
const countTokens: readonly unknown[] = ["mpnet", "roberta", "xlm-roberta", "camembert"];

function definitionFromFiles(files: TokenizerFiles, options: TokenizerFilesOptions): TokenizerDefinition {
  const { nameOf = (name: string) => name, overrides = new Map() } = options;
  const parsed: ParsedFiles = (name) => {
    const bytes = files[name];
    return bytes === undefined ? new JsonField({}, nameOf(name)) : JsonField.parse(bytes, nameOf(name));
  };
  const json = files["tokenizer.json"] === undefined ? undefined : parsed("tokenizer.json");
  const text = (name: keyof TokenizerFiles) => ({ file: nameOf(name), text: decoded(files[name], { name, nameOf }) });
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
  if (className !== undefined && className !== "tokenizer.json")
    return {
      ...builtDefinition({ json, file: nameOf("tokenizer.json"), text }, added, { settings, className }),
      ...common,
    };
  if (json !== undefined) return { ...withTokens(definitionFromJson(json), added, settings), ...common };
  if (className !== undefined)
    throw new FormatError({ file: nameOf("tokenizer.json") }, "the file is missing, and its class can't do without.");
  const lines = text("vocab.txt");
  const definition = definitionFromVocab(lines.text, { file: lines.file, ...normalizerOf(get) });
  return { ...withTokens(definition, added, settings), ...common };
}

/** What would give other ids, or vectors that depend on a text's neighbours, and is not obeyed. */
function refuseOthers(
  get: TokenizerSettings["get"],
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
  sources: Pick<ClassSources, "json" | "file" | "text">,
  added: readonly ListedToken[],
  { settings, className }: { readonly settings: TokenizerSettings; readonly className: keyof typeof classes },
): Omit<TokenizerDefinition, "truncationSide" | "splitSpecialTokens"> {
  const { model: kind, tokens, pair, maskStripsLeft } = classes[className];
  const { get } = settings;
  const named = namedTokens(settings, tokens, (field, key) => {
    const token = settings.token(field, { stripLeft: maskStripsLeft && key === "mask_token" });
    return added.find(({ content }) => content === token.content) ?? token;
  });
  const role = (key: string) => named.get(key)?.content ?? get(key).refuse("the text of a token");
  const unknownToken = role("unk_token");
  const made = classModel(kind, { ...sources, get, unknownToken });
  const mask = named.get("mask_token")?.content;
  return {
    ...made,
    addedTokens: numbered(withSpecial(added, named, settings), made.vocabulary),
    specialTokens: {
      ...{ bos: role("cls_token"), eos: role("sep_token"), pad: role("pad_token") },
      ...(mask === undefined ? {} : { mask }),
      ...(made.model.unknownToken === undefined ? { unknown: unknownToken } : {}),
    },
    pair,
  };
}

/** A definition that a file gives by itself, with the tokens that the files beside it name; those it has already count first. */
function withTokens(
  definition: TokenizerDefinition,
  added: readonly ListedToken[],
  settings: TokenizerSettings,
): TokenizerDefinition {
  const named = namedTokens(settings, {}, (field) => settings.token(field));
  const own = definition.addedTokens.map(({ id: _, ...token }) => token);
  const all = withSpecial([...own, ...added], named, settings);
  const addedTokens = numbered(all, definition.vocabulary);
  const { mask: likelyMask, unknown: likelyUnknown, ...frame } = definition.specialTokens;
  // A role that the files say has no token has none, whatever the vocabulary looks like.
  const tokenOf = (key: string, likely: string | undefined) =>
    named.get(key)?.content ?? (settings.get(key).value === null ? undefined : likely);
  const mask = tokenOf("mask_token", likelyMask);
  const unknown = definition.model.unknownToken === undefined ? tokenOf("unk_token", likelyUnknown) : undefined;
  return {
    ...definition,
    addedTokens,
    specialTokens: {
      ...{ ...frame, pad: named.get("pad_token")?.content ?? frame.pad },
      ...(mask === undefined ? {} : { mask }),
      ...(unknown === undefined ? {} : { unknown }),
    },
  };
}

/** What to say where neither tokenizer.json nor a file of another form is there. */
type NamedFile = { readonly name: keyof TokenizerFiles; readonly nameOf: (name: string) => string };

function decoded(bytes: Uint8Array | undefined, { name, nameOf }: NamedFile): string {
  if (bytes === undefined)
    throw new FormatError(
      { file: nameOf("tokenizer.json") },
      `the file is missing, and so is ${name}. Expected one of them.`,
    );
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FormatError({ file: nameOf(name) }, "not valid UTF-8. Is the file complete?", {}, { cause });
  }
}
