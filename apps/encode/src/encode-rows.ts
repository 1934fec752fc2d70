import { ConfigError } from "@kindred/errors";
import type { EncodeStreamOptions, SentenceEncoder } from "@kindred/sentence-encoder";
import type { VectorRows } from "@kindred/vector-files";
import type { Precision } from "@kindred/vectors";
import { flatMemory } from "./flat-memory.ts";
import type { InputRow } from "./input-rows.ts";
import type { JobProgress } from "./progress.ts";
import { rowWindows, type RowWindowsOptions, type WindowEnd } from "./row-windows.ts";

/** What is written down with every window, to go on behind it, and to be summed up. */
export type WindowMark = WindowEnd & { readonly truncated: number; readonly distinctTexts: number };

/** How rows are encoded. */
export type EncodeRowsOptions = RowWindowsOptions & {
  readonly options: EncodeStreamOptions;
  readonly precision: Precision;
  /** Rows of the output that are there already. */
  readonly before: number;
  /** The part of the input that has been read. */
  readonly share: () => number | undefined;
  readonly onProgress: (now: JobProgress) => void;
};

/**
 * Encodes the rows of the windows that are taken, and hands each window on with its mark; gives how many rows the input has, and their digest.
 *
 * Where the input fails, or encoding is stopped, the windows before are handed on first; one that was cut off is not.
 */
export async function encodeRows(
  encoder: SentenceEncoder,
  rows: AsyncIterable<InputRow>,
  { options, precision, before, share, onProgress, ...taken }: EncodeRowsOptions,
  write: (rows: VectorRows, mark: WindowMark) => Promise<void>,
): Promise<{ readonly rows: number; readonly sha256: string; readonly own: number }> {
  const windows = rowWindows(rows, taken);
  let written = 0;
  const tell = (own: number, tokens: number) => {
    const part = share();
    const total = part === undefined || part === 0 ? undefined : windows.read.own / part;
    onProgress({ rows: before + own, own, tokens, total });
  };
  using memory = flatMemory();
  const stream = encoder.encodeStream(windows.texts, {
    ...{ ...options, precision, windowTexts: taken.windowRows, onProgress: tell },
  });
  for await (const { texts, encoded, distinct } of stream) {
    if (texts.length < taken.windowRows && windows.end === undefined) continue; // its end is not known: an error follows
    const { start, rows: held, end } = windows.take(texts.length);
    const ids = held.map(({ id }) => id);
    const mark = { ...end, truncated: encoded.truncated.length, distinctTexts: distinct };
    await write({ start, embeddings: encoded.embeddings, ids, texts }, mark);
    written += texts.length;
    memory.afterWindow();
  }
  if (windows.end === undefined) throw new ConfigError("encodeRows: the input has no end.");
  return { ...windows.end, own: written };
}
