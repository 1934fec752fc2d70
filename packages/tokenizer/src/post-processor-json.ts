import type { JsonField } from "@kindred/errors";
import { partsOfSequence } from "./parts-of-sequence.ts";
import { idsOf, type TokenizerDefinition } from "./tokenizer-definition.ts";

/** What a post-processor puts around one text and between two. */
type TextFrame = { readonly bos: string; readonly eos: string; readonly pair: TokenizerDefinition["pair"] };

const forms = "RobertaProcessing, BertProcessing, TemplateProcessing, or one of them and ByteLevel";

/**
 * The frame that the `post_processor` of a tokenizer.json means, and whether offsets leave out the spaces of byte-level pieces.
 *
 * Offsets never include the whitespace around an added token, whatever `trim_offsets` says; and a prefix space has no place in the text,
 * so that `add_prefix_space`, which is there to keep it out of the trimming, has nothing to say.
 *
 * @throws FormatError if it means anything but `bos A eos` for one text, of type 0, and `bos A eos [eos] B eos` for two
 */
export function readPostProcessor(
  field: JsonField,
  ids: ReadonlyMap<string, number>,
): TextFrame & { readonly trimOffsets: boolean } {
  const parts = partsOfSequence(field, "processors");
  const trims = (part: JsonField) => part.field("trim_offsets").boolean(true);
  const [frame, ...others] = parts.filter((part) => part.field("type").value !== "ByteLevel");
  if (frame === undefined || others.length > 0) return field.refuse(forms);
  const byteLevel = parts.filter((part) => part !== frame);
  for (const part of byteLevel) part.object("type", "add_prefix_space", "trim_offsets", "use_regex");
  const isRoberta = frame.field("type").value === "RobertaProcessing";
  return { ...readFrame(frame, ids), trimOffsets: [...byteLevel, ...(isRoberta ? [frame] : [])].some(trims) };
}

function readFrame(field: JsonField, ids: ReadonlyMap<string, number>): TextFrame {
  const type = field.field("type");
  if (type.value === "TemplateProcessing") return readTemplate(field, ids);
  if (type.value !== "RobertaProcessing" && type.value !== "BertProcessing") return type.refuse(forms);
  const { sep, cls } = field.object("type", "sep", "cls", "trim_offsets", "add_prefix_space");
  const isRoberta = type.value === "RobertaProcessing";
  return {
    bos: readTokenWithId(cls, ids),
    eos: readTokenWithId(sep, ids),
    pair: isRoberta ? { separators: 2, types: [0, 0, 0, 0, 0, 0] } : { separators: 1, types: [0, 0, 0, 1, 1] },
  };
}

/** `["<s>", 0]` */
function readTokenWithId(field: JsonField, ids: ReadonlyMap<string, number>): string {
  const [token, id, ...rest] = field.array();
  if (token === undefined || id === undefined || rest.length > 0) return field.refuse("[token, id]");
  return ids.get(token.text()) === id.value ? token.text() : field.refuse("a token of the vocabulary and its id");
}

function readTemplate(field: JsonField, ids: ReadonlyMap<string, number>): TextFrame {
  const template = field.object("type", "single", "pair", "special_tokens");
  const [bos, a, eos, ...rest] = template.single.array().map(readTemplatePart);
  if (bos?.kind !== "token" || a?.name !== "A" || eos?.kind !== "token" || rest.length > 0)
    return template.single.refuse("a special token, the sequence A, a special token");
  for (const { type } of [bos, a, eos]) type.oneOf(0);
  const pair = template.pair.array().map(readTemplatePart);
  const spelled = pair.map(({ kind, name }) => (kind === "token" ? name : `$${name}`)).join(" ");
  const start = `${bos.name} $A ${eos.name}`;
  const isDouble = spelled === `${start} ${eos.name} $B ${eos.name}`;
  if (!isDouble && spelled !== `${start} $B ${eos.name}`)
    return template.pair.refuse(`${start} [${eos.name}] $B ${eos.name}`);
  const specials = template.special_tokens.entries();
  for (const token of [bos.name, eos.name]) {
    const special = specials.get(token) ?? template.special_tokens.refuse(`an entry for ${token}`);
    const listed = special.object("id", "ids", "tokens").ids;
    const [id, ...others] = listed.array();
    if (others.length > 0 || id?.value !== ids.get(token))
      listed.refuse(`[${ids.get(token)}], the id of ${token} in the vocabulary`);
  }
  return {
    bos: bos.name,
    eos: eos.name,
    pair: { separators: isDouble ? 2 : 1, types: pair.map(({ type }) => type.integer(0, 1)) },
  };
}

/** `{"SpecialToken":{"id":"<s>","type_id":0}}` or `{"Sequence":{"id":"A","type_id":0}}` */
function readTemplatePart(field: JsonField) {
  const part = field.object("SpecialToken", "Sequence");
  const kind = part.Sequence.isNull ? "token" : "sequence";
  const { id, type_id } = (kind === "token" ? part.SpecialToken : part.Sequence).object("id", "type_id");
  return { kind, name: kind === "token" ? id.text() : id.oneOf("A", "B"), type: type_id } as const;
}

/**
 * `RobertaProcessing` where two `</s>` stand between the texts of a pair, else, and for Unigram as its files have it, a template, after what trims offsets where that has to be
 * said.
 */
export function postProcessorJson(definition: TokenizerDefinition): object {
  const { specialTokens, pair, vocabulary, addedTokens, model, trimOffsets, bare } = definition;
  const textAt = (id: string) => ({ Sequence: { id, type_id: 0 } });
  if (bare !== undefined)
    return { type: "TemplateProcessing", single: [textAt("A")], pair: [textAt("A"), textAt("B")], special_tokens: {} };
  const { bos, eos } = specialTokens;
  const ids = idsOf(vocabulary, addedTokens);
  const prefixSpace = model.kind === "BPE" && model.prefixSpace;
  const trimming = { trim_offsets: trimOffsets, add_prefix_space: prefixSpace };
  if (pair.types.join() === "0,0,0,0,0,0" && model.kind !== "Unigram")
    return { type: "RobertaProcessing", sep: [eos, ids.get(eos)], cls: [bos, ids.get(bos)], ...trimming };
  const spelled = [bos, "A", ...Array.from({ length: pair.separators }, () => eos), "B", eos];
  const parts = spelled.map((id, i) => {
    const part = { id, type_id: pair.types[i] ?? 0 }; // one for each part
    return i === 1 || i === spelled.length - 2 ? { Sequence: part } : { SpecialToken: part };
  });
  const frame = [...new Set([bos, eos])].map((id) => [id, { id, ids: [ids.get(id)], tokens: [id] }] as const);
  const template = {
    type: "TemplateProcessing",
    single: parts.slice(0, 3),
    pair: parts,
    special_tokens: Object.fromEntries(frame),
  };
  if (model.kind !== "BPE" || !trimOffsets) return template;
  return { type: "Sequence", processors: [{ type: "ByteLevel", ...trimming, use_regex: true }, template] };
}
