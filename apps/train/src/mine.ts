import { gzipSync } from "node:zlib";
import { availableParallelism } from "node:os";
import {
  checkOutputFile,
  chooseEngine,
  engineOptions,
  helpOptions,
  printAsked,
  readCommand,
} from "@kindred/command-line/node";
import { openDataset } from "@kindred/datasets/node";
import { ConfigError } from "@kindred/errors";
import { type AtomicFile, openFileAtomic } from "@kindred/files/node";
import { modelFolder } from "@kindred/hub/node";
import { flagName, option, optionHelp } from "@kindred/options";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { trainOptions } from "@kindred/trainer";
import * as v from "valibot";
import { mineHardNegatives, type MineProgress, type MineSummary } from "./mine-hard-negatives.ts";
import { outputFormats } from "./mined-rows.ts";
import { progressLines } from "./progress-lines.ts";
import { columnNames } from "./run-inputs.ts";
import { manifest } from "./train-flags.ts";

const countOrZero = v.pipe(v.number(), v.integer(), v.minValue(0));
const number = v.pipe(v.number(), v.finite());
const maybe = v.optional(number);
const share = v.optional(v.pipe(number, v.minValue(0)));

/** Every flag of `kindred-train mine`. */
export const mineFlags = {
  model: option(v.string(), "", "Folder of the model, or its id on the Hugging Face Hub."),
  columns: trainOptions.columns,
  onBadLine: trainOptions.onBadLine,
  corpus: option(
    v.string(),
    "",
    "A file of more texts among which to look, beside all positives: .txt, or any data file, of which all texts count.",
  ),
  numNegatives: option(v.pipe(v.number(), v.integer(), v.minValue(1)), 3, "Negatives of a query."),
  rangeMin: option(
    countOrZero,
    0,
    "So many of the nearest that are left by the rules are passed over: they may be right answers.",
  ),
  rangeMax: option(
    v.optional(countOrZero),
    undefined,
    "No text beyond this place. Default: rangeMin and numNegatives, ten times these with a margin or maxScore, and as many more as a query has positives at most.",
  ),
  maxScore: option(maybe, undefined, "The largest score of a negative."),
  minScore: option(maybe, undefined, "The smallest score of a negative."),
  absoluteMargin: option(
    share,
    undefined,
    "A negative's score is at least so much below that of the positive, of several the least.",
  ),
  relativeMargin: option(share, undefined, "… or at least this part of the positive's magnitude below it: 0.05, say."),
  samplingStrategy: option(v.picklist(["top", "random"]), "top", "The nearest of the range, or some drawn from it."),
  seed: option(countOrZero, 42, "Of what is drawn."),
  queryPrompt: option(
    v.optional(v.string()),
    undefined,
    "This text is put before every query. Default: the model's prompt query, if it has one.",
  ),
  queryPromptName: option(v.optional(v.string()), undefined, "Another of the model's prompts for queries."),
  corpusPrompt: option(
    v.optional(v.string()),
    undefined,
    "This text is put before every other text. Default: the model's prompt document.",
  ),
  corpusPromptName: option(v.optional(v.string()), undefined, "Another of the model's prompts for the others."),
  outputFormat: option(
    v.picklist(outputFormats),
    "triplet",
    "A row for each negative; with all negatives (only where there are numNegatives); of two texts and a label; or with a list of documents and one of labels.",
  ),
  outputScores: option(v.boolean(), false, "Scores beside the texts, in the place of labels."),
  cores: option(countOrZero, 0, "Worker threads to encode on; 0 = one for each core of the machine."),
  scratch: option(
    v.optional(v.string()),
    undefined,
    "Folder for the vectors. Default: the system's for temporary files.",
  ),
  offline: option(v.boolean(), false, "Take a model of the Hugging Face Hub from the cache only."),
  json: option(v.boolean(), false, "Print the summary as one line of JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ...helpOptions,
  ...engineOptions,
};

const help = () => `kindred-train mine DATA OUTPUT --model MODEL [options]

Adds hard negatives to pairs: for each query texts that the model finds near it, and that are none of its
positives. DATA is a file of pairs, of which the first text is the query and the second a positive; OUTPUT
is a .jsonl or .jsonl.gz file that kindred-train takes as it is. All texts are compared with all queries.

  kindred-train mine pairs.jsonl triplets.jsonl --model my-model --relative-margin 0.05 --num-negatives 5
  kindred-train triplets.jsonl better-model --model my-model

${optionHelp(mineFlags)}
`;

/** Runs `kindred-train mine`. */
export async function mine(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand("kindred-train mine", mineFlags, argv);
  if (printAsked(flags, { help, manifest })) return;
  const [data, output, ...rest] = positionals;
  const refuse = (message: string): never => {
    throw new ConfigError(`kindred-train mine: ${message} See kindred-train mine --help.`);
  };
  if (data === undefined || output === undefined || rest.length > 0)
    return refuse(`expected DATA and OUTPUT. Got ${positionals.join(" ") || "neither"}.`);
  if (flags.model === "") return refuse("--model is missing.");
  if (!/\.jsonl(\.gz)?$/.test(output)) return refuse(`the output is a .jsonl or .jsonl.gz file. Got ${output}.`);
  checkOutputFile("OUTPUT", output);
  const dataset = openDataset(data, { onBadLine: flags.onBadLine, columns: columnNames(flags.columns) });
  const corpus = flags.corpus === "" ? undefined : openDataset(flags.corpus, { leastTexts: 1 });
  const engine = await chooseEngine(flags, { where: "kindred-train mine" });
  const sink = flags.quiet ? {} : { sink: process.stderr };
  const folder = await modelFolder(flags.model, { offline: flags.offline, signal, ...sink });
  const cores = engine.module === undefined ? 0 : flags.cores || availableParallelism();
  await using encoder = await loadSentenceEncoder(folder, { engine, cores });
  const onProgress = flags.quiet ? undefined : progressLines(lineOf);
  const { samplingStrategy, seed, outputFormat, outputScores, scratch, numNegatives, rangeMin, rangeMax } = flags;
  const { maxScore, minScore, absoluteMargin, relativeMargin } = flags;
  const { queryPrompt, queryPromptName, corpusPrompt, corpusPromptName } = flags;
  const rows = mineHardNegatives(textsOf(dataset.rows()), encoder, {
    ...{ samplingStrategy, seed, outputFormat, outputScores, scratch, numNegatives, rangeMin, rangeMax },
    ...{ maxScore, minScore, absoluteMargin, relativeMargin },
    ...{ queryPrompt, queryPromptName, corpusPrompt, corpusPromptName, onProgress, signal },
    corpus: corpus === undefined ? undefined : flat(textsOf(corpus.rows())),
  });
  await using file = await openFileAtomic(output);
  const summary = await writeRows(rows, file, { isPacked: output.endsWith(".gz") });
  if (summary.rows === 0)
    refuse("no query has enough negatives. Lower the margins, raise --range-max or give a --corpus.");
  await file.finish();
  if (!flags.quiet) process.stderr.write(summaryText(summary, { output, numNegatives }));
  if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
}

async function* textsOf(rows: AsyncIterable<{ readonly texts: readonly string[] }>): AsyncGenerator<readonly string[]> {
  for await (const { texts } of rows) yield texts;
}

async function* flat(rows: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  for await (const texts of rows) yield* texts;
}

/** Characters of rows that are written, or packed, at once. */
const writtenLength = 1 << 20;

async function writeRows(
  rows: AsyncGenerator<object, MineSummary>,
  file: AtomicFile,
  { isPacked }: { readonly isPacked: boolean },
): Promise<MineSummary> {
  let text = "";
  const write = async () => {
    if (text !== "") await file.write(isPacked ? gzipSync(text) : text);
    text = "";
  };
  while (true) {
    const { done, value } = await rows.next();
    if (done === true) {
      await write();
      return value;
    }
    text += `${JSON.stringify(value)}\n`;
    if (text.length >= writtenLength) await write();
  }
}

function lineOf({ stage, done, total }: MineProgress): string {
  const what = stage === "encoding" ? "texts encoded" : "queries looked up";
  return `${done.toLocaleString("en")} of ${total.toLocaleString("en")} ${what}`;
}

function summaryText(
  summary: MineSummary,
  { output, numNegatives }: { readonly output: string; readonly numNegatives: number },
): string {
  const { pairs, repeatedPairs, queries, corpus, rangeMax, rows, negatives, passedOver } = summary;
  const { queriesWithFewer, queriesWithNone, pairsLeftOut, meanPositive = 0, meanNegative = 0 } = summary;
  const count = (value: number) => value.toLocaleString("en");
  const rules = Object.entries(passedOver).filter(([, passed]) => passed > 0);
  return [
    `${count(pairs)} pairs (${count(repeatedPairs)} twice) of ${count(queries)} queries, ${count(corpus)} texts, up to place ${rangeMax}: ${count(negatives)} negatives, ${count(rows)} rows.`,
    `Mean score: ${meanPositive.toFixed(4)} of a pair, ${meanNegative.toFixed(4)} of a negative.`,
    ...rules.map(([rule, passed]) =>
      rule === "ownText"
        ? `  ${count(passed)} candidates are the query itself`
        : `  ${count(passed)} candidates passed over by ${flagName(rule)}`,
    ),
    ...(queriesWithFewer > 0
      ? [
          `  ${count(queriesWithFewer)} queries have fewer than ${numNegatives} negatives, ${count(queriesWithNone)} of them none; ${count(pairsLeftOut)} pairs are in no row`,
        ]
      : []),
    `Train on them: kindred-train ${output} NEW-MODEL --model MODEL`,
    "",
  ].join("\n");
}
