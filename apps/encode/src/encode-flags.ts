import { engineOptions, ownNodeOption } from "@kindred/command-line/node";
import { option, optionHelp } from "@kindred/options";
import { precisions } from "@kindred/vectors";
import * as v from "valibot";
import { inputOptions } from "./input-rows.ts";
import { weightsOption } from "./weights-option.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Every flag of `kindred-encode`. */
export const encodeFlags = {
  model: option(
    v.string(),
    "",
    "Folder of a sentence-transformers model, or its id on the Hugging Face Hub: owner/name[@revision].",
  ),
  offline: option(v.boolean(), false, "Take a model of the Hub from the cache only."),
  ...inputOptions,
  idField: option(
    v.string(),
    "",
    "The field or column that holds a row's id, which is kept in the output. Default: none.",
  ),
  onBadRow: option(
    v.picklist(["stop", "skip", "empty"]),
    "stop",
    "A row that is none (no JSON, no text, not UTF-8; of Arrow, null): stop there, leave it out (of Arrow, without a vector), or encode an empty text in its place. They are counted.",
  ),
  output: option(
    v.string(),
    "",
    "Where the vectors go: a .npy, .jsonl, .safetensors or .parquet file; what it is stands beside it in FILE.json. Default: rows {text, embedding} on standard output.",
  ),
  overwrite: option(
    v.boolean(),
    false,
    "Replace an output that is there, and begin anew one that was begun otherwise.",
  ),
  texts: option(v.boolean(), true, "Keep the texts in a .jsonl or .parquet output."),
  precision: option(
    v.picklist(precisions),
    "float32",
    "In how many bits a number is kept: as it is, in 8 (int8, uint8), or as its sign, eight to a byte (binary, ubinary).",
  ),
  calibration: option(
    v.string(),
    "",
    "File of texts whose vectors say what 8-bit numbers lie between. Default: the first 4096 rows of the input.",
  ),
  shard: option(
    v.string(),
    "",
    "Encode one part of the input: 0/4 to 3/4, or auto, as Slurm, AWS Batch or Cloud Run say, auto/4 for Kubernetes. It goes to FILE-00000-of-00004; merge joins them.",
  ),
  format: option(
    v.optional(v.picklist(["arrow"])),
    undefined,
    "Read record batches of an Arrow IPC stream on standard input, and write them to standard output with their vectors beside them.",
  ),
  vectorField: option(v.string(), "vector", "With --format arrow: the name of the column that is added."),
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
  ...weightsOption,
};

/** The text of `kindred-encode --help`. */
export function encodeHelp(): string {
  return `kindred-encode --model FOLDER TEXT… [options]
kindred-encode --model FOLDER --input FILE… --output FILE [options]
kindred-encode merge OUTPUT
… | kindred-encode --model FOLDER --format arrow | … [options]
kindred-encode tokenize --help
kindred-encode inspect FOLDER
kindred-encode index --help
kindred-encode search --help
kindred-encode serve --help

Turns texts into vectors with the model of a sentence-transformers folder.

  kindred-encode --model my-model "A cat sat." "A dog barked." --similarity
  kindred-encode --model my-model --input texts.txt --output vectors.npy
  kindred-encode --model my-model --input *.jsonl.gz --text-field body --id-field id --output vectors.parquet
  kindred-encode --model my-model --input big.jsonl --output vectors.npy --shard 0/4
  zcat texts.gz | kindred-encode --model my-model --input - > vectors.jsonl
  kindred-encode --model my-model -- --a-text-that-begins-with-dashes

A run that was stopped or killed goes on where it was when the same command is given again.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad data or model file, 129, 130 or 143 stopped,
141 the reader of the output has gone.

Options (also as --snake_case; a boolean is turned off by --no-…):
${optionHelp(encodeFlags)}
`;
}
