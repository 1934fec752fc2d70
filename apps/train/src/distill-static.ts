import { availableParallelism } from "node:os";
import { chooseEngine, engineOptions, helpOptions, printAsked, readCommand } from "@kindred/command-line/node";
import { distilStatic } from "@kindred/distillation";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { saveModelFolder } from "@kindred/model-folder/node";
import { option, optionHelp } from "@kindred/options";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import * as v from "valibot";
import { progressLines } from "./progress-lines.ts";
import { manifest } from "./train-flags.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Every flag of `kindred-train distill-static`. */
export const distillStaticFlags = {
  dimension: option(
    count,
    256,
    "Length of the vectors: so many principal components of the teacher's; 0 keeps the teacher's own numbers.",
  ),
  sifCoefficient: option(
    v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
    1e-4,
    "The less it is, the less frequent tokens count, which a vocabulary has first; 0 counts all alike.",
  ),
  dtype: option(v.picklist(["float32", "float16", "bfloat16"]), "float32", "How the table is stored."),
  replace: option(v.boolean(), false, "The folder may take the place of one that is there."),
  cores: option(count, 0, "Worker threads to encode on; 0 = one for each core of the machine."),
  offline: option(v.boolean(), false, "Take a model of the Hugging Face Hub from the cache only."),
  json: option(v.boolean(), false, "Print the summary as one line of JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ...helpOptions,
  ...engineOptions,
};

const help = () => `kindred-train distill-static TEACHER OUTPUT [options]

A vector for every token, without a transformer: each token of the teacher's vocabulary goes through it once.
TEACHER is the folder of a model, or its id on the Hugging Face Hub; OUTPUT is a new folder that kindred-encode
and sentence-transformers read like any model's.

  kindred-train distill-static all-MiniLM-L6-v2 static-minilm
  kindred-encode --model static-minilm --input texts.txt --output vectors.npy

${optionHelp(distillStaticFlags)}
`;

/** Runs `kindred-train distill-static`. */
export async function distillStatic(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const where = "kindred-train distill-static";
  const { flags, positionals } = readCommand(where, distillStaticFlags, argv);
  if (printAsked(flags, { help, manifest })) return;
  const [teacher, output, ...rest] = positionals;
  if (teacher === undefined || output === undefined || rest.length > 0)
    throw new ConfigError(
      `${where}: expected TEACHER and OUTPUT. Got ${positionals.join(" ") || "neither"}. See ${where} --help.`,
    );
  const engine = await chooseEngine(flags, { where });
  const sink = flags.quiet ? {} : { sink: process.stderr };
  const folder = await modelFolder(teacher, { offline: flags.offline, signal, ...sink });
  const cores = engine.module === undefined ? 0 : flags.cores || availableParallelism();
  await using encoder = await loadSentenceEncoder(folder, { engine, cores });
  const shown = (value: number) => value.toLocaleString("en");
  const progress = flags.quiet
    ? undefined
    : progressLines(
        ({ done, total }: { stage: string; done: number; total: number }) =>
          `${shown(done)} of ${shown(total)} tokens encoded`,
      );
  const model = await distilStatic(encoder, {
    dimension: flags.dimension || undefined,
    sifCoefficient: flags.sifCoefficient || undefined,
    signal,
    ...(progress && { onProgress: (done: number, total: number) => progress({ stage: "tokens", done, total }) }),
  });
  await saveModelFolder(output, model, { dtype: flags.dtype, replace: flags.replace });
  const { tokens, share } = model;
  const dimension = model.modules[0].config["hidden_size"];
  if (!flags.quiet)
    process.stderr.write(
      `${shown(tokens)} tokens of ${dimension} numbers, which keep ${(100 * share).toFixed(0)} % of the teacher's variance: ${output}\n`,
    );
  if (flags.json) process.stdout.write(`${JSON.stringify({ output, tokens, dimension, share })}\n`);
}
