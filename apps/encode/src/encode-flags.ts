import { engineOptions, ownNodeOption } from "@kindred/command-line/node";
import { option, optionHelp } from "@kindred/options";
import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Every flag of `kindred-encode`. */
export const encodeFlags = {
  model: option(
    v.string(),
    "",
    "Folder of a sentence-transformers model, or its id on the Hugging Face Hub: owner/name[@revision].",
  ),
  offline: option(v.boolean(), false, "Take a model of the Hub from the cache only."),
  input: option(
    v.string(),
    "",
    "File of texts: .txt, one a line, or .jsonl, .csv or .tsv, rows with a text; each also as .gz or .zst.",
  ),
  output: option(
    v.string(),
    "",
    "Where the vectors go: a .npy, .jsonl or .safetensors file. Default: rows {text, embedding} on standard output.",
  ),
  format: option(
    v.optional(v.picklist(["arrow"])),
    undefined,
    "Read record batches of an Arrow IPC stream on standard input, and write them to standard output with their vectors beside them.",
  ),
  textField: option(v.string(), "text", "With --format arrow: the column of texts."),
  vectorField: option(v.string(), "vector", "With --format arrow: the name of the column that is added."),
  onBadRow: option(
    v.picklist(["stop", "skip", "empty"]),
    "stop",
    'With --format arrow: what becomes of a row whose text is null: it ends the run, has no vector, or counts as "".',
  ),
  similarity: option(v.boolean(), false, "Print how alike the given texts are, as a matrix, instead of their vectors."),
  maxLength: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
    undefined,
    "Tokens of a text that are read, instead of the model's own limit.",
  ),
  promptName: option(v.string(), "", "Put the model's prompt of this name in front of every text: query, document, …"),
  prompt: option(
    v.optional(v.string()),
    undefined,
    'Put this in front of every text, instead of the model\'s own prompt; "" for none.',
  ),
  truncateDim: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    undefined,
    "Keep only so many numbers of a vector, and give it length 1 again where the model does.",
  ),
  normalizeEmbeddings: option(v.boolean(), false, "Divide every vector by its length, also where the model does not."),
  specialTokens: option(
    v.optional(v.picklist(["parse", "plain"])),
    undefined,
    "Whether </s> and its like in a text are tokens or plain text. Default: as in Python, tokens unless the model's files say otherwise.",
  ),
  maxBatchTokens: option(
    v.optional(count),
    undefined,
    "The most tokens that a core or a device works on at once. Default: 2048, or what suits the devices.",
  ),
  cores: option(
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    0,
    "Worker threads; 0 = one for each core of the machine, and one for few texts. XLA has devices instead.",
  ),
  profile: option(
    v.boolean(),
    false,
    "Measure time, calls, arithmetic and bytes of every op, in one thread, and print them.",
  ),
  json: option(
    v.boolean(),
    false,
    "With --similarity, print the matrix as JSON; otherwise print events as JSON on standard output with --output.",
  ),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ownNode: ownNodeOption,
  help: option(v.boolean(), false, "Print this."),
  version: option(v.boolean(), false, "Print the version."),
  ...engineOptions,
};

/** The text of `kindred-encode --help`. */
export function encodeHelp(): string {
  return `kindred-encode --model FOLDER TEXT… [options]
kindred-encode --model FOLDER --input FILE --output FILE [options]
… | kindred-encode --model FOLDER --format arrow | … [options]
kindred-encode tokenize --help
kindred-encode inspect FOLDER

Turns texts into vectors with the model of a sentence-transformers folder.

  kindred-encode --model my-model "A cat sat." "A dog barked." --similarity
  kindred-encode --model my-model --input texts.txt --output vectors.npy
  kindred-encode --model my-model -- --a-text-that-begins-with-dashes

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad data or model file, 129, 130 or 143 stopped,
141 the reader of the output has gone.

Options (also as --snake_case; a boolean is turned off by --no-…):
${optionHelp(encodeFlags)}
`;
}
