import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { RequestError } from "./request-error.ts";

/** More tokens than this are not told of in one answer. */
const mostTokens = 65_536;

/** One token, as `/tokenize` tells of it. */
export type TokenAnswer = {
  readonly id: number;
  /** What the token stands for: the part of the text, or the special token. */
  readonly text: string;
  readonly special: boolean;
  /** Where that part begins and ends, in characters (code points); null for the special tokens around a text. */
  readonly start: number | null;
  readonly stop: number | null;
};

/** The tokens of texts, uncut. */
export function tokensAnswer(
  { tokenizer, settings }: SentenceEncoder,
  texts: readonly string[],
  { specialTokens, promptName }: { readonly specialTokens: boolean; readonly promptName: string | undefined },
): TokenAnswer[][] {
  const name = promptName ?? settings.defaultPromptName;
  const prompt = name === undefined ? "" : (settings.prompts[name] ?? "");
  const special = new Set(
    tokenizer.definition.addedTokens.flatMap(({ id, special: isSpecial }) => (isSpecial ? [id] : [])),
  );
  let left = mostTokens;
  return texts.map((text) => {
    const whole = prompt + text;
    const { ids, offsets, truncated } = tokenizer.encode(whole, { maxLength: Math.max(2, left) });
    left -= ids.length;
    if (truncated || left < 0) throw new RequestError("too_large", `Too many tokens. Expected at most ${mostTokens}.`);
    const characterAt = charactersOf(whole);
    const tokens = Array.from(ids, (id, i): TokenAnswer => {
      const [start = 0, stop = 0] = offsets.subarray(2 * i, 2 * i + 2);
      const isFrame = i === 0 || i === ids.length - 1;
      return isFrame
        ? { id, text: tokenizer.tokenOf(id) ?? "", special: true, start: null, stop: null }
        : {
            id,
            text: whole.slice(start, stop),
            special: special.has(id),
            start: characterAt(start),
            stop: characterAt(stop),
          };
    });
    return specialTokens ? tokens : tokens.slice(1, -1);
  });
}

/** The number of characters before a place in UTF-16 units; for places that never go back. */
function charactersOf(text: string): (unit: number) => number {
  let [at, characters] = [0, 0];
  return (unit) => {
    if (unit < at) [at, characters] = [0, 0];
    for (; at < unit; characters++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
    return characters;
  };
}
