import { createHash } from "node:crypto";
import { ConfigError } from "@kindred/errors";
import type { InputRow } from "./input-rows.ts";
import type { Shard } from "./shard.ts";

/** What is known of the input where a window of rows ends: how many rows there are up to there, and a digest of them. */
export type WindowEnd = { readonly window: number; readonly rows: number; readonly sha256: string };

/** Which windows are taken. */
export type RowWindowsOptions = {
  /** Rows of a window. */
  readonly windowRows: number;
  /** The windows of a shard are every n-th: all shards read all rows, and none has to know how many there are. Default: all windows. */
  readonly shard?: Shard | undefined;
  /** Behind which window to begin, if some were taken before. */
  readonly after?: WindowEnd | undefined;
};

/** The rows of an input that a process encodes, window by window. */
export type RowWindows = {
  /** The texts of the windows that are taken, one after another. Read once. */
  readonly texts: AsyncIterable<string>;
  /** The next window: its rows, whose texts were read, and where it ends. */
  take(count: number): { readonly start: number; readonly rows: readonly InputRow[]; readonly end: WindowEnd };
  /** Rows that were read so far, and of these those that belong to the shard. */
  readonly read: { readonly rows: number; readonly own: number };
  /** Where the input ends; undefined while it has not been read to its end. */
  readonly end: Omit<WindowEnd, "window"> | undefined;
};

/**
 * Cuts rows into windows, of which some are taken. Every row is read, and goes into the digest, so that a job goes on only behind the rows that it began
 * with.
 */
export function rowWindows(rows: AsyncIterable<InputRow>, options: RowWindowsOptions): RowWindows {
  const { windowRows, shard = { index: 0, of: 1 }, after } = options;
  const digest = rowDigest();
  const waiting: InputRow[] = []; // rows whose texts were given and that were not taken yet
  const ends: WindowEnd[] = [];
  let [count, own, taken] = [0, 0, after === undefined ? shard.index : after.window + shard.of];
  let end: RowWindows["end"];
  const isOwn = (window: number) => window % shard.of === shard.index;
  const close = (window: number) => {
    const { window: last = -1 } = after ?? {};
    if (window > last && isOwn(window)) ends.push({ window, rows: count, sha256: digest.hex() });
  };
  async function* texts() {
    for await (const row of rows) {
      const window = Math.floor(count / windowRows);
      // A window that was cut off by the end of the input has more rows now.
      if (after !== undefined && count === after.rows) expectSame(after, digest.hex(), window > after.window);
      digest.add(row);
      count++;
      if (count % windowRows === 0) close(window);
      if (!isOwn(window)) continue;
      own++;
      if (window <= (after?.window ?? -1)) continue;
      waiting.push(row);
      yield row.text;
    }
    if (after !== undefined && count <= after.rows) expectSame(after, digest.hex(), count === after.rows);
    if (count % windowRows !== 0) close(Math.floor(count / windowRows));
    end = { rows: count, sha256: digest.hex() };
  }
  return {
    texts: texts(),
    take(size) {
      const start = taken * windowRows;
      const of = ends.shift();
      if (of === undefined || of.window !== taken) throw new Error("rowWindows: a window was taken before its end");
      taken += shard.of;
      return { start, rows: waiting.splice(0, size), end: of };
    },
    get read() {
      return { rows: count, own };
    },
    get end() {
      return end;
    },
  };
}

function expectSame({ rows, sha256 }: WindowEnd, found: string, isSameLength: boolean): void {
  if (isSameLength && found === sha256) return;
  throw new ConfigError(
    `--input: the rows are not those that were begun with. Got others among the first ${rows.toLocaleString("en")}, expected the same. Give the same input, or begin anew with --overwrite.`,
    { rows },
  );
}

/**
 * How many rows there are, and their digest: that which {@link rowWindows} comes to at their end.
 */
export async function digestOf(rows: AsyncIterable<InputRow>): Promise<Omit<WindowEnd, "window">> {
  const digest = rowDigest();
  let count = 0;
  for await (const row of rows) {
    digest.add(row);
    count++;
  }
  return { rows: count, sha256: digest.hex() };
}

/** SHA-256 over rows, each with its id. */
function rowDigest() {
  const hash = createHash("sha256");
  let text = "";
  const flush = () => {
    hash.update(text);
    text = "";
  };
  return {
    add({ id, text: of }: InputRow) {
      text += `${JSON.stringify([id, of])}\n`;
      if (text.length > 65_536) flush();
    },
    hex() {
      flush();
      return hash.copy().digest("hex");
    },
  };
}
