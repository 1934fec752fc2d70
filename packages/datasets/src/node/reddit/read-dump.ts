import { createReadStream } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ConfigError, DataError } from "@kindred/errors";
import { lines } from "../../lines.ts";
import { type RedditComment, redditComment } from "../../reddit/reddit-comment.ts";
import { packingOf } from "../open-dataset.ts";
import { unpack } from "../unpack.ts";
import type { RedditLeftOut } from "./gather-part.ts";
import { scatter } from "./scatter.ts";

/** An input by what tells it from another one. */
export type InputFile = { readonly name: string; readonly bytes: number };

/** Looks at the inputs, and refuses what is none. */
export async function inputFiles(inputs: readonly string[]): Promise<readonly InputFile[]> {
  if (inputs.length === 0) throw new ConfigError("prepareReddit: no input. Expected one dump of comments or more.");
  const paths = new Set<string>();
  const files: InputFile[] = [];
  for (const path of inputs) {
    const stats = await stat(path).catch(() => undefined);
    if (stats === undefined)
      throw new DataError({ file: path }, "prepareReddit: no such file. Expected a path that exists.");
    if (stats.isDirectory())
      throw new DataError({ file: path }, "prepareReddit: this is a folder. Expected files of comments; name each.");
    if (/\.(bz2|xz)$/.test(path))
      throw new DataError(
        { file: path },
        "prepareReddit: cannot unpack this kind of file. Expected .zst, .gz or plain lines. Pack it anew: bzcat or xzcat FILE | zstd -o FILE.zst",
      );
    if (paths.has(resolve(path)))
      throw new ConfigError(`prepareReddit: ${path} is named twice. Expected each input once.`);
    paths.add(resolve(path));
    files.push({ name: basename(path), bytes: stats.size });
  }
  return files;
}

/** Lines of an input, and those that hold no comment. */
export type InputCounts = { readonly lines: number; readonly leftOut: RedditLeftOut };

/** The file of an input's folder that holds its counts. */
export const countsName = "counts.json";

/** Between two messages of progress. */
const tellingLines = 100_000;

type ReadOptions = {
  readonly parts: number;
  readonly maxLength: number;
  readonly tell: (lines: number) => void;
  readonly signal: AbortSignal | undefined;
};

/** Scatters the comments of an input over a folder of parts. */
export async function readInput(
  path: string,
  folder: string,
  { parts, maxLength, tell, signal }: ReadOptions,
): Promise<void> {
  let [read, notJson, incomplete] = [0, 0, 0];
  const packing = packingOf(path);
  const bytes: AsyncIterable<Uint8Array> = createReadStream(path);
  async function* comments(): AsyncGenerator<RedditComment, void> {
    const unpacked = packing === undefined ? bytes : unpack(bytes, { file: path, packing });
    const bad = { onBadLine: "skip", onSkip: () => void [read++, notJson++] } as const;
    for await (const { text } of lines(unpacked, { file: path, ...bad })) {
      if (text.trim() === "") continue;
      if (++read % tellingLines === 0) {
        signal?.throwIfAborted();
        tell(read);
      }
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        notJson++;
        continue;
      }
      const comment = redditComment(value, { maxLength });
      if (comment === undefined) incomplete++;
      else yield comment;
    }
  }
  await scatter(comments(), { folder, parts, level: 0 });
  signal?.throwIfAborted();
  const leftOut = { ...(notJson > 0 && { notJson }), ...(incomplete > 0 && { incomplete }) };
  const counts: InputCounts = { lines: read, leftOut };
  await writeFile(join(folder, countsName), JSON.stringify(counts));
}
