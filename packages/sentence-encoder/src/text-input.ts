import { ShapeError } from "@kindred/errors";
import type { TokenizedTexts } from "./embeddings.ts";
import type { CheckedEncodeOptions } from "./encode-options.ts";
import type { SentenceModel } from "./sentence-model.ts";

/** A text, or the ids of the tokens that it is read as, in the model's own vocabulary, with the special ones around them or without. */
export type TextInput = string | readonly number[];

/**
 * Ids of a text as the model reads them: with the special tokens around them where they are not there and it wants them, cut at the limit.
 *
 * @throws ShapeError for an id that no token has
 */
export function framedIds(
  ids: readonly number[],
  { maxLength, truncationSide }: Pick<CheckedEncodeOptions, "maxLength" | "truncationSide">,
  { tokenizer, encoder }: Pick<SentenceModel, "tokenizer" | "encoder">,
): TokenizedTexts {
  const { specialIds, definition } = tokenizer;
  const { bos, eos } = specialIds;
  const known = Math.min(encoder.sizes.vocabulary, tokenizer.vocabularySize);
  const unknown = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < known));
  if (unknown !== undefined)
    throw new ShapeError(`encode: no such token. Got id ${unknown}, expected whole numbers from 0 to ${known - 1}.`, {
      id: unknown,
    });
  const isFramed = definition.bare === undefined;
  const inner = isFramed
    ? ids.slice(ids[0] === bos ? 1 : 0, ids.length > 1 && ids.at(-1) === eos ? -1 : undefined)
    : ids;
  const room = maxLength - (isFramed ? 2 : 0);
  const isFromLeft = (truncationSide ?? definition.truncationSide) === "left";
  const kept = isFromLeft ? inner.slice(Math.max(0, inner.length - room)) : inner.slice(0, room);
  const whole = isFramed ? Int32Array.of(bos, ...kept, eos) : Int32Array.from(kept);
  return { ids: whole, starts: Int32Array.of(0, whole.length), truncated: kept.length < inner.length ? [0] : [] };
}

/**
 * Texts one after another.
 *
 * @throws ShapeError where pooling leaves a prompt out of some, and others have none: a batch says it once for all
 */
export function joinTexts(texts: readonly TokenizedTexts[]): TokenizedTexts {
  const ids = new Int32Array(texts.reduce((sum, text) => sum + text.ids.length, 0));
  const starts = new Int32Array(texts.length + 1);
  const truncated: number[] = [];
  const [{ promptLength = 0 } = {}] = texts;
  for (const [i, text] of texts.entries()) {
    if ((text.promptLength ?? 0) !== promptLength)
      throw new ShapeError(
        "encode: texts and ids of tokens are mixed, and the model's pooling leaves prompts out, which ids have not. Give them in calls of their own.",
      );
    const start = starts[i] ?? 0;
    ids.set(text.ids, start);
    starts[i + 1] = start + text.ids.length;
    if (text.truncated.length > 0) truncated.push(i);
  }
  return { ids, starts, truncated, promptLength };
}
