import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lines } from "@kindred/datasets";
import { DataError } from "@kindred/errors";
import { openFileAtomic } from "@kindred/files/node";
import { textRows } from "./text-rows.ts";

/** What `writeTextFiles` has written. */
export type TextFile = {
  readonly path: string;
  /** How many texts it holds, each once. */
  readonly count: number;
  /** Their code units in all. */
  readonly characters: number;
  /** Of its bytes, in hexadecimal. */
  readonly sha256: string;
};

/** What to write of some texts. */
export type WriteTextFilesOptions = {
  /** Where a text goes, by its name among `paths`. Default: all to the first. */
  readonly fileOf?: (text: string) => string;
  /** Called now and then with how many texts were read. */
  readonly onProgress?: (read: number) => void;
};

/**
 * Writes texts into files, one a line as `{"text": …}`, each text once whatever file it is in. The files are there, whole, at the end.
 *
 * Empty texts and texts of white space alone are left out.
 *
 * @returns the files by name, and how many texts were left out
 *
 * @example
 * ```ts
 * import { mkdtemp, readFile } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { writeTextFiles } from "@kindred/distillation/node";
 *
 * const path = join(await mkdtemp(join(tmpdir(), "example-")), "texts.jsonl");
 * const { files, repeated, empty } = await writeTextFiles({ texts: path }, ["a cat", "a cat", " ", "a dog"]);
 * [files["texts"]?.count, repeated, empty]; // => [2, 1, 1]
 * await readFile(path, "utf8"); // => '{"text":"a cat"}\n{"text":"a dog"}\n'
 * ```
 */
export async function writeTextFiles(
  paths: { readonly [name: string]: string },
  texts: Iterable<string> | AsyncIterable<string>,
  { fileOf, onProgress }: WriteTextFilesOptions = {},
): Promise<{
  readonly files: { readonly [name: string]: TextFile };
  readonly repeated: number;
  readonly empty: number;
}> {
  const seen = textRows();
  let [read, repeated, empty] = [0, 0, 0];
  const opened = new Map<string, Awaited<ReturnType<typeof openTextFile>>>();
  try {
    for (const [name, path] of Object.entries(paths)) opened.set(name, await openTextFile(path));
    const [first = ""] = opened.keys();
    for await (const text of texts) {
      if (++read % 10_000 === 0) onProgress?.(read);
      if (text.trim() === "") empty++;
      else if (!seen.add(text).isNew) repeated++;
      else await opened.get(fileOf?.(text) ?? first)?.add(text);
    }
    const files: { [name: string]: TextFile } = {};
    for (const [name, file] of opened) files[name] = await file.finish();
    return { files, repeated, empty };
  } finally {
    for (const file of opened.values()) await file.abandon();
  }
}

async function openTextFile(path: string) {
  const file = await openFileAtomic(path);
  const hash = createHash("sha256");
  let [count, characters] = [0, 0];
  return {
    add(text: string) {
      const line = `${JSON.stringify({ text })}\n`;
      hash.update(line);
      count++;
      characters += text.length;
      return file.write(line);
    },
    async finish(): Promise<TextFile> {
      await file.finish();
      return { path, count, characters, sha256: hash.digest("hex") };
    },
    abandon: file.abandon,
  };
}

/**
 * The texts of a file that {@link writeTextFiles} wrote, one after another.
 *
 * @throws DataError naming file and line for what it has not written
 *
 * @example
 * ```ts ignore
 * import { readTextFile } from "@kindred/distillation/node";
 *
 * for await (const text of readTextFile("small/texts.jsonl")) console.log(text);
 * ```
 */
export async function* readTextFile(path: string): AsyncGenerator<string, void> {
  for await (const { number, text: line } of lines(createReadStream(path), { file: path })) {
    const text = textOf(line);
    if (text === undefined)
      throw new DataError({ file: path, line: number }, 'no text of a distillation. Expected {"text": "…"}.');
    yield text;
  }
}

function textOf(line: string): string | undefined {
  try {
    const { text }: { readonly text?: unknown } = JSON.parse(line);
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The file as it is described when it was written, for a run that goes on.
 *
 * @throws DataError as {@link readTextFile} does
 *
 * @example
 * ```ts ignore
 * import { describeTextFile } from "@kindred/distillation/node";
 *
 * (await describeTextFile("small/texts.jsonl")).count;
 * ```
 */
export async function describeTextFile(path: string): Promise<TextFile> {
  const hash = createHash("sha256");
  let [count, characters] = [0, 0];
  for await (const text of readTextFile(path)) {
    hash.update(`${JSON.stringify({ text })}\n`);
    count++;
    characters += text.length;
  }
  return { path, count, characters, sha256: hash.digest("hex") };
}
