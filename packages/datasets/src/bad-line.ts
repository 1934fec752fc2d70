import type { DataError } from "@kindred/errors";

/** What a reader calls its input, and what it does with a line that it cannot read. */
export type BadLineOptions = {
  /** The name of the input in errors and in each row's place. */
  readonly file: string;
  /** `"error"` (default) throws the {@link DataError} of the first bad line; `"skip"` leaves bad lines out. */
  readonly onBadLine?: "error" | "skip" | undefined;
  /** Called with the error of each line left out, so that it can be counted or logged. */
  readonly onSkip?: ((error: DataError) => void) | undefined;
  /** What messages call the way to skip bad lines. Default: `--on-bad-line skip`; of `lines` alone, none. */
  readonly skipFlag?: string | undefined;
};

/** Why a line is none, in few words that can be counted by; it stands in the error's details as `reason`. */
export type BadLineReason =
  | "not UTF-8"
  | "too long"
  | "not JSON"
  | "no such column"
  | "not a text"
  | "wrong number of fields"
  | "wrong quotes"
  | "another form";

/** What messages of readers of rows call the way to skip bad lines. */
export const usualSkipFlag = "--on-bad-line skip";

/** The advice that ends a message about a bad line. */
export function skipAdvice({ skipFlag = usualSkipFlag }: BadLineOptions, what = "line"): string {
  return `Correct the ${what}, or skip bad ${what}s (${skipFlag}).`;
}

/** The beginning of a text in backquotes, at most 80 characters of it, for an error message of one line. */
export function excerpt(text: string): string {
  const characters = Array.from(text.slice(0, 200));
  const shown = characters.length > 80 || text.length > 200 ? `${characters.slice(0, 79).join("")}…` : text;
  return `\`${shown.replaceAll("\n", "\\n")}\``;
}

/** Throws the error of a bad line, or reports it and returns, as the options say. */
export function refuseLine(error: DataError, { onBadLine = "error", onSkip }: BadLineOptions): void {
  if (onBadLine === "error") throw error;
  onSkip?.(error);
}
