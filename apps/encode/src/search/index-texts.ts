import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, resolve } from "node:path";
import { chooseEngine, engineOptions, ownNodeOption, readCommand } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { modelFingerprint } from "@kindred/model-folder/node";
import { option, optionHelp, type OptionValues } from "@kindred/options";
import { indexPrecisions, openIndexWriter } from "@kindred/search/node";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { similarities } from "@kindred/vectors";
import * as v from "valibot";
import { checkLimits } from "../check-limits.ts";
import { encodeRows, type WindowMark } from "../encode-rows.ts";
import { truncationNote } from "../encode-texts.ts";
import { filesAmong, inputOptions, inputRows } from "../input-rows.ts";
import { reporter } from "../progress.ts";
import { weightsOption } from "../weights-option.ts";

const where = "kindred-encode index";

/** Rows that are encoded together. */
const windowRows = 4096;

/** Bytes of vectors that are written together, and at most so many windows: a kill costs no more, and the rows on the way. */
const [mostPieceBytes, pieceWindows] = [2 ** 24, 4];

const indexFlags = {
  model: option(
    v.string(),
    "",
    "Folder of a sentence-transformers model, or its id on the Hugging Face Hub: owner/name[@revision]. The index remembers it.",
  ),
  offline: option(v.boolean(), false, "Take a model of the Hub from the cache only."),
  ...inputOptions,
  idField: option(
    v.string(),
    "",
    "The field or column that holds a row's id, which a search shows. Default: a row's number.",
  ),
  onBadRow: option(
    v.picklist(["stop", "skip", "empty"]),
    "stop",
    "A row that is none (no JSON, no text, not UTF-8): stop there, leave it out, or encode an empty text in its place. They are counted.",
  ),
  output: option(v.string(), "", "The folder to write. It is there when all is in it, and not before."),
  overwrite: option(
    v.boolean(),
    false,
    "Replace an output that is there, and begin anew one that was begun otherwise.",
  ),
  texts: option(v.boolean(), true, "Keep the texts, so that a search shows them."),
  precision: option(
    v.picklist(indexPrecisions),
    "float32",
    "How what is scanned is kept: 4 bytes a number, 1, or 1 bit. With fewer bits the best are compared again by float32 vectors, which are kept in any case.",
  ),
  similarity: option(
    v.optional(v.picklist(similarities)),
    undefined,
    "What a search compares by. Default: what the model's folder says.",
  ),
  promptName: option(v.string(), "document", "Put the model's prompt of this name in front of every text."),
  prompt: option(
    v.optional(v.string()),
    undefined,
    'Put this in front of every text, instead of a prompt of the model; "" for none.',
  ),
  maxLength: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
    undefined,
    "Tokens of a text that are read, instead of the model's own limit.",
  ),
  truncateDim: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
    undefined,
    "Keep only so many numbers of a vector, and give it length 1 again where the model does.",
  ),
  cores: option(
    v.pipe(v.number(), v.integer(), v.minValue(0)),
    0,
    "Worker threads; 0 = one for each core of the machine. XLA has devices instead.",
  ),
  json: option(v.boolean(), false, "Print events as JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ownNode: ownNodeOption,
  help: option(v.boolean(), false, "Print this."),
  ...engineOptions,
  ...weightsOption,
};

type Flags = OptionValues<typeof indexFlags>;

const help = `kindred-encode index --model FOLDER --input FILE… --output FOLDER [options]

Encodes the texts of files and writes an index of them for kindred-encode search.

  kindred-encode index --model my-model --input texts.txt --output my-index --precision int8
  kindred-encode search --index my-index "Where is the cat?"

A run that was stopped or killed goes on where it was when the same command is given again.

${optionHelp(indexFlags)}
`;

/** Runs `kindred-encode index`. */
export async function indexTexts(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand(where, indexFlags, argv);
  if (flags.help) return void process.stdout.write(help);
  expectFlags(flags, positionals);
  const { model, offline, output, quiet, overwrite, precision, idField } = flags;
  const rows = inputRows([...flags.input, ...filesAmong(where, positionals)], {
    ...{ inputFormat: flags.inputFormat, textField: flags.textField, onBadRow: flags.onBadRow },
    idField: idField === "" ? undefined : idField,
  }); // refused before a model is loaded
  const report = reporter(flags);
  const engine = await chooseEngine(flags, { where });
  const folder = await modelFolder(model, { offline, signal, ...(quiet ? {} : { sink: process.stderr }) });
  const cores = flags.backend === "xla" ? 0 : flags.cores || availableParallelism();
  const onWarning = (message: string) => void process.stderr.write(`${message}\n`);
  await using encoder = await loadSentenceEncoder(folder, { cores, engine, weights: flags.weights, onWarning });
  checkLimits(flags, encoder.model);
  const { similarity = encoder.settings.similarityFunction } = flags;
  const pieceBytes = Math.min(mostPieceBytes, 4 * encoder.dimension * pieceWindows * windowRows);
  await using writer = await openIndexWriter(output, {
    ...{ precision, similarity, model: identityOf(model, folder), replace: overwrite, anew: overwrite, pieceBytes },
    job: { modelSha256: await modelFingerprint(folder), ...factsOf(flags) },
  });
  const after = writer.found.mark as WindowMark | undefined; // written below, by a command with the same job
  if (after !== undefined) report.say(`Going on behind ${writer.found.rows.toLocaleString("en")} rows of ${output}.`);
  report.event({ type: "start", output, rows: writer.found.rows });
  report.begin();
  let truncated = 0;
  let isWhole = false;
  try {
    const options = { ...optionsOf(flags), signal };
    const share = () => rows.share;
    const taken = { windowRows, after, before: writer.found.rows, precision: "float32", options, share } as const;
    const { own } = await encodeRows(
      encoder,
      rows,
      { ...taken, onProgress: report.progress },
      async ({ embeddings, ids, texts }, mark) => {
        const dimension = embeddings.length / (texts?.length ?? 0);
        truncated += mark.truncated;
        await writer.write(
          {
            ...{ embeddings: Float32Array.from(embeddings), dimension },
            ...(idField !== "" && ids && { ids }),
            ...(flags.texts && texts && { texts }),
          },
          mark,
        );
      },
    );
    const manifest = await writer.finish();
    isWhole = true;
    const seconds = report.seconds();
    const bad = Object.entries(rows.bad).map(([reason, count]) => `${count.toLocaleString("en")} ${reason}`);
    if (bad.length > 0) report.say(`Bad rows: ${bad.join(", ")}.`);
    if (truncated > 0) report.say(truncationNote(truncated, own).trimEnd());
    report.say(
      `${own} text${own === 1 ? "" : "s"} in ${seconds.toFixed(1)} s (${Math.round(own / seconds)} a second) → ${output}`,
    );
    const { dimension, rows: count } = manifest;
    const told = {
      output,
      rows: count,
      dimension,
      precision,
      similarity,
      truncated,
      badRows: { ...rows.bad },
      seconds,
    };
    report.event({ type: "done", ...told });
  } finally {
    if (!isWhole && writer.rows > 0)
      report.say(
        `Stopped: ${writer.rows.toLocaleString("en")} rows are kept in ${output}.part. The same command goes on behind them.`,
      );
  }
}

function expectFlags(
  { model, input, output, overwrite, precision, similarity, backend, cores }: Flags,
  words: readonly string[],
): void {
  for (const [name, value] of Object.entries({ model, input: input.join(""), output })) {
    if (value !== "") continue;
    const [word] = name === "input" ? words : [];
    throw new ConfigError(
      `${where}: --${name} is missing.${word === undefined ? "" : ` Got “${word}”: texts come from files.`} See --help.`,
    );
  }
  if (backend === "xla" && cores > 0)
    throw new ConfigError(
      `${where}: --cores are worker threads, of which --backend xla has none. Got ${cores}. Leave it out.`,
    );
  if (precision !== "float32" && (similarity === "euclidean" || similarity === "manhattan"))
    throw new ConfigError(
      `${where}: fewer bits are compared by cosine or dot. Got --precision ${precision} and --similarity ${similarity}. Take --precision float32.`,
    );
  if (existsSync(output) && !overwrite)
    throw new ConfigError(
      `${where}: there is something at --output already. Got ${output}. Choose another name, or --overwrite.`,
      { output },
    );
}

function optionsOf({ promptName, prompt, maxLength, truncateDim }: Flags) {
  return {
    promptName,
    ...(prompt !== undefined && { prompt }),
    ...(maxLength !== undefined && { maxLength }),
    ...(truncateDim !== undefined && { truncateDim }),
  };
}

/** All that decides what is written, apart from the rows and the model's files. */
function factsOf(flags: Flags) {
  const { promptName, prompt = null, maxLength = null, truncateDim = null, textField, idField, texts, backend } = flags;
  const { weights } = flags;
  return { backend, weights, promptName, prompt, maxLength, truncateDim, textField, idField, texts, windowRows };
}

/** The model as a later search finds it: a folder from anywhere, a model of the Hub by its id, at the commit that was used. */
function identityOf(model: string, folder: string) {
  if (folder === model) return { name: resolve(model) };
  return { name: model.replace(/@.*$/, ""), revision: basename(folder) }; // a snapshot's folder is called after its commit
}
