import type { JsonField } from "@kindred/errors";

/** What a post-processor puts around one text and between two. */
export type TextFrame = { readonly bos: string; readonly eos: string; readonly pairSeparators: 1 | 2 };

const forms = "RobertaProcessing, BertProcessing, or TemplateProcessing";

/**
 * The frame that the `post_processor` of a tokenizer.json means.
 *
 * Token types are not read: MPNet has none. Offsets never include the whitespace around an added token, whatever `trim_offsets`
 * and `add_prefix_space` say.
 *
 * @throws FormatError if it means anything but `bos A eos` for one text and `bos A eos [eos] B eos` for two
 */
export function readPostProcessor(field: JsonField, ids: ReadonlyMap<string, number>): TextFrame {
  if (field.isNull) field.refuse(forms);
  const type = field.entries().get("type") ?? field;
  if (type.value === "TemplateProcessing") return readTemplate(field, ids);
  if (type.value !== "RobertaProcessing" && type.value !== "BertProcessing") type.refuse(forms);
  const { sep, cls } = field.object("type", "sep", "cls", "trim_offsets", "add_prefix_space");
  const pairSeparators = type.value === "RobertaProcessing" ? 2 : 1;
  return { bos: readTokenWithId(cls, ids), eos: readTokenWithId(sep, ids), pairSeparators };
}

/** `["<s>", 0]` */
function readTokenWithId(field: JsonField, ids: ReadonlyMap<string, number>): string {
  const [token, id, ...rest] = field.array();
  if (token === undefined || id === undefined || rest.length > 0) field.refuse("[token, id]");
  if (ids.get(token!.text()) !== id!.value) field.refuse("a token of the vocabulary and its id");
  return token!.text();
}

function readTemplate(field: JsonField, ids: ReadonlyMap<string, number>): TextFrame {
  const template = field.object("type", "single", "pair", "special_tokens");
  const [bos, a, eos, ...rest] = template.single.array().map(readTemplatePart);
  if (bos?.token === undefined || a?.sequence !== "A" || eos?.token === undefined || rest.length > 0) {
    template.single.refuse("a special token, the sequence A, a special token");
  }
  const frame = { bos: bos!.token!, eos: eos!.token! };
  const pair = template.pair.array().map(readTemplatePart);
  const spelled = pair.map(({ token, sequence }) => token ?? `$${sequence}`).join(" ");
  const start = `${frame.bos} $A ${frame.eos}`;
  const isDouble = spelled === `${start} ${frame.eos} $B ${frame.eos}`;
  if (!isDouble && spelled !== `${start} $B ${frame.eos}`)
    template.pair.refuse(`${start} [${frame.eos}] $B ${frame.eos}`);
  const specials = template.special_tokens.entries();
  for (const token of [frame.bos, frame.eos]) {
    const special = specials.get(token) ?? template.special_tokens.refuse(`an entry for ${token}`);
    const listed = special.object("id", "ids", "tokens").ids;
    if (listed.array().length !== 1 || listed.array()[0]!.value !== ids.get(token)) {
      listed.refuse(`[${ids.get(token)}], the id of ${token} in the vocabulary`);
    }
  }
  return { ...frame, pairSeparators: isDouble ? 2 : 1 };
}

/** `{"SpecialToken":{"id":"<s>","type_id":0}}` or `{"Sequence":{"id":"A","type_id":0}}` */
function readTemplatePart(field: JsonField): { token?: string; sequence?: string } {
  const part = field.object("SpecialToken", "Sequence");
  if (part.Sequence.isNull) return { token: part.SpecialToken.object("id", "type_id").id.text() };
  return { sequence: part.Sequence.object("id", "type_id").id.oneOf("A", "B") };
}
