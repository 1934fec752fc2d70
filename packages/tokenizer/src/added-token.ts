/** A token that is looked for in the text itself, before it is cut into words. */
export type AddedToken = {
  readonly id: number;
  readonly content: string;
  /** Whether it means something to the model (`<s>`, `<mask>`), so that `specialTokens: "plain"` leaves it in the text. */
  readonly special: boolean;
  /** Looked for in the normalized text: `<UNK>` is then `<unk>`. Others are looked for in the text as it is. */
  readonly normalized: boolean;
  /** Swallow the whitespace before it. */
  readonly stripLeft: boolean;
  /** Swallow the whitespace after it. */
  readonly stripRight: boolean;
};
