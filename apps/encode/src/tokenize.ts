import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkOutputFile, readCommand, writeToStream } from "@kindred/command-line/node";
import { ConfigError, FormatError } from "@kindred/errors";
import { openFileAtomic } from "@kindred/files/node";
import { modelFolder } from "@kindred/hub/node";
import { openModelFolder, openModelTokenizer } from "@kindred/model-folder/node";
import { option, optionHelp } from "@kindred/options";
import { openSentenceModel } from "@kindred/sentence-encoder";
import type { Tokenizer } from "@kindred/tokenizer";
import * as v from "valibot";
import { inputOptions, type InputRow, inputRows } from "./input-rows.ts";

const tokenizeFlags = {
  model: option(
    v.string(),
    "",
    "Folder of a model, or its id on the Hugging Face Hub: owner/name[@revision]; or a folder with a tokenizer alone, a tokenizer.json or a vocab.txt.",
  ),
  offline: option(v.boolean(), false, "Take a model of the Hub from the cache only."),
  ...inputOptions,
  output: option(v.string(), "", "The .jsonl file to write. Default: standard output."),
  maxLength: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
    undefined,
    "Cut after this many tokens, specials included. Default: the model's own limit; never for a tokenizer alone.",
  ),
  specialTokens: option(
    v.optional(v.picklist(["parse", "plain"])),
    undefined,
    "Whether </s> and its like in a text are tokens or plain text. Default: as in Python, tokens unless the model's files say otherwise.",
  ),
  json: option(v.boolean(), false, "Print rows of JSON for texts on the command line too, instead of tables."),
  help: option(v.boolean(), false, "Print this."),
};

const help = `kindred-encode tokenize --model FOLDER TEXT… [options]
kindred-encode tokenize --model FOLDER --input FILE [--output FILE.jsonl] [options]

Shows how texts become tokens, the same as are encoded: a table for each text, or rows {"ids", "offsets", "truncated"}.
Offsets are [start, end, start, end, …] in UTF-16 units of the text, as JavaScript counts.

${optionHelp(tokenizeFlags)}
`;

/** Runs `kindred-encode tokenize`. */
export async function tokenize(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals: texts } = readCommand("kindred-encode tokenize", tokenizeFlags, argv);
  if (flags.help) return void process.stdout.write(help);
  if (flags.model === "")
    throw new ConfigError("kindred-encode tokenize: --model is missing. Expected --model FOLDER. See --help.");
  if ((flags.input.length === 0) === (texts.length === 0))
    throw new ConfigError("kindred-encode tokenize: give either texts or --input FILE. See --help.");
  if (flags.output !== "") checkOutputFile("--output", flags.output);
  const path = await modelFolder(flags.model, { offline: flags.offline, signal, sink: process.stderr });
  const { tokenizer, maxSeqLength } = await openTokenizer(path);
  const { maxLength = maxSeqLength, specialTokens } = flags;
  const row = (text: string) => {
    const { ids, offsets, truncated } = tokenizer.encode(text, { specialTokens, maxLength });
    return JSON.stringify({ ids: Array.from(ids), offsets: Array.from(offsets), truncated });
  };
  if (flags.input.length > 0) return writeRows(inputRows(flags.input, flags), row, { output: flags.output, signal });
  for (const text of texts) {
    const shown = flags.json ? row(text) : tokenTable(text, tokenizer, { specialTokens, maxLength });
    await writeToStream(process.stdout, `${shown}\n`);
  }
}

/** The tokenizer that texts are encoded with, and the limit of tokens: none where there is a tokenizer alone. */
async function openTokenizer(path: string): ReturnType<typeof openModelTokenizer> {
  const isModel = ["config.json", "modules.json"].some((name) => existsSync(join(path, name)));
  if (!isModel) return openModelTokenizer(path);
  const folder = await openModelFolder(path);
  const { tokenizer, settings } = folder;
  try {
    return { tokenizer, maxSeqLength: openSentenceModel(folder).settings.maxSeqLength };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { tokenizer, maxSeqLength: settings.maxSeqLength }; // a model of another family: what its files say
  }
}

/** One text's tokens as a table: id, piece, and the part of the text that it stands for. */
function tokenTable(text: string, tokenizer: Tokenizer, options: Parameters<Tokenizer["encode"]>[1]): string {
  const { ids, offsets, truncated } = tokenizer.encode(text, options);
  const lines = Array.from(ids, (id, i) => {
    const [start = 0, end = 0] = offsets.subarray(2 * i, 2 * i + 2);
    const part = start === end ? "" : `${start}–${end} “${text.slice(start, end)}”`;
    return `${String(id).padStart(6)}  ${(tokenizer.tokenOf(id) ?? "").padEnd(18)} ${part}`.trimEnd();
  });
  return [text, ...lines, `${ids.length} tokens${truncated ? ", cut" : ""}`].join("\n");
}

async function writeRows(
  rows: AsyncIterable<InputRow>,
  row: (text: string) => string,
  { output, signal }: { readonly output: string; readonly signal: AbortSignal },
): Promise<void> {
  await using file = output === "" ? undefined : await openFileAtomic(output);
  for await (const { text } of rows) {
    signal.throwIfAborted();
    const line = `${row(text)}\n`;
    await (file === undefined ? writeToStream(process.stdout, line) : file.write(line));
  }
  await file?.finish();
}
