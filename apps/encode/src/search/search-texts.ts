import { availableParallelism } from "node:os";
import { chooseEngine, engineOptions, ownNodeOption, readCommand, writeToStream } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { option, optionHelp, type OptionValues } from "@kindred/options";
import { type IndexHit, type IndexManifest, openIndex } from "@kindred/search/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import * as v from "valibot";
import { filesAmong, inputOptions, inputRows } from "../input-rows.ts";
import { weightsOption } from "../weights-option.ts";

const where = "kindred-encode search";
const count = v.pipe(v.number(), v.integer(), v.minValue(1));

const searchFlags = {
  index: option(v.string(), "", "Folder that kindred-encode index has written."),
  ...inputOptions,
  topK: option(count, 10, "At most so many rows for each query."),
  rescore: option(
    v.optional(count),
    undefined,
    "Of an index of fewer bits: so many times as many rows are compared once more, by their float32 vectors. Default: 4 of int8, 16 of bits.",
  ),
  model: option(
    v.string(),
    "",
    "Folder of the model, or its id on the Hugging Face Hub. Default: the one that the index remembers.",
  ),
  offline: option(v.boolean(), false, "Take a model of the Hub from the cache only."),
  promptName: option(v.string(), "query", "Put the model's prompt of this name in front of every query."),
  prompt: option(
    v.optional(v.string()),
    undefined,
    'Put this in front of every query, instead of a prompt of the model; "" for none.',
  ),
  memory: option(
    v.pipe(v.number(), v.minValue(0)),
    2,
    "GiB of the index that stay in memory where queries come from files; what is beyond is read for each 64 queries anew.",
  ),
  cores: option(
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    0,
    "Threads that scan the index, each its share; 0 = one for each core of the machine.",
  ),
  json: option(v.boolean(), false, "Print a line of JSON for each query: query, hits."),
  quiet: option(v.boolean(), false, "Print nothing for people but what is found."),
  ownNode: ownNodeOption,
  help: option(v.boolean(), false, "Print this."),
  ...engineOptions,
  ...weightsOption,
};

const help = `kindred-encode search --index FOLDER QUERY… [options]
kindred-encode search --index FOLDER --input FILE [options]

Finds the rows of an index that are most like each query, best first: score, number or id, text.

  kindred-encode search --index my-index "Where is the cat?" --top-k 3
  cat queries.txt | kindred-encode search --index my-index --input - --json

${optionHelp(searchFlags)}
`;

/** Queries that are encoded and looked up together. */
const window = 64;

/** Runs `kindred-encode search`. */
export async function searchTexts(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand(where, searchFlags, argv);
  if (flags.help) return void process.stdout.write(help);
  const { index: folder, input, topK, rescore, memory } = flags;
  if (folder === "") throw new ConfigError(`${where}: --index is missing. Expected --index FOLDER. See --help.`);
  const isOfFiles = input.length > 0;
  if (!isOfFiles && positionals.length === 0)
    throw new ConfigError(`${where}: there is no query. Give queries, or --input FILE. See --help.`);
  const queries = isOfFiles ? textsOf([...input, ...filesAmong(where, positionals)], flags) : positionals;
  // Of one query each row is compared once, so none need stay.
  await using index = await openIndex(folder, {
    memoryBytes: isOfFiles ? memory * 2 ** 30 : 0,
    cores: flags.cores || availableParallelism(),
  });
  const { manifest } = index;
  if (rescore !== undefined && manifest.precision === "float32")
    throw new ConfigError(
      `${where}: --rescore is for an index of fewer bits. Got ${rescore} for one of float32, whose scores are exact. Leave it out.`,
    );
  await using encoder = await openEncoder(manifest, flags, signal);
  const { promptName, prompt } = flags;
  const options = {
    ...{ promptName, signal, windowTexts: window, truncateDim: manifest.dimension },
    ...(prompt !== undefined && { prompt }),
  };
  for await (const { texts, encoded } of encoder.encodeStream(queries, options)) {
    const found = await index.search(encoded, { topK, signal, ...(rescore !== undefined && { rescore }) });
    for (const [i, hits] of found.entries()) {
      const query = texts[i] ?? "";
      const title = !isOfFiles && texts.length === 1 ? "" : `${query}\n`;
      await writeToStream(
        process.stdout,
        flags.json ? `${JSON.stringify({ query, hits })}\n` : `${title}${table(hits)}\n`,
      );
    }
  }
}

async function openEncoder(
  { model, dimension }: IndexManifest,
  flags: OptionValues<typeof searchFlags>,
  signal: AbortSignal,
) {
  const { offline, quiet } = flags;
  const named = flags.model || (model && `${model.name}${model.revision === undefined ? "" : `@${model.revision}`}`);
  if (named === undefined)
    throw new ConfigError(`${where}: the index does not say which model made it. Name it with --model.`);
  const engine = await chooseEngine(flags, { where });
  const path = await modelFolder(named, { offline, signal, ...(quiet ? {} : { sink: process.stderr }) });
  const encoder = await loadSentenceEncoder(path, {
    cores: 0,
    engine,
    weights: flags.weights,
    onWarning: (message) => void process.stderr.write(`${message}\n`),
  });
  if (encoder.dimension >= dimension) return encoder;
  await encoder.close();
  throw new ConfigError(
    `${where}: the model is not the one that made the index. Got vectors of ${encoder.dimension} numbers, expected ${dimension}. Name the right one with --model.`,
  );
}

/** Hits as lines for people. */
function table(hits: readonly IndexHit[]): string {
  return hits
    .map(({ row, score, id = row, text = "" }) =>
      `${score.toFixed(4).padStart(8)}  ${String(id).padEnd(8)} ${text.replaceAll(/\s+/g, " ")}`.trimEnd(),
    )
    .join("\n");
}

async function* textsOf(
  files: readonly string[],
  { inputFormat, textField }: OptionValues<typeof searchFlags>,
): AsyncGenerator<string> {
  for await (const { text } of inputRows(files, { inputFormat, textField })) yield text;
}
