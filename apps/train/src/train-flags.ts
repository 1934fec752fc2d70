import { helpOptions, machineOptions } from "@kindred/command-line/node";
import { option, optionHelp } from "@kindred/options";
import { trainOptions, trainPresets } from "@kindred/trainer";
import * as v from "valibot";

/** Where the version of all commands of `kindred-train` stands. */
export const manifest = new URL("../package.json", import.meta.url);

/** Every flag of `kindred-train`: those of the command itself, then all options of a run. */
export const trainFlags = {
  preset: option(v.string(), "", `Start from a named configuration: ${Object.keys(trainPresets).join(", ")}.`),
  config: option(v.string(), "", "Start from a JSON file of options, or from the run.json of an earlier run."),
  program: option(
    v.string(),
    "",
    "A module that sets what options cannot say: a loss of your own, readers. --resume needs it again.",
  ),
  resume: option(
    v.optional(v.string()),
    undefined,
    "Go on with a run from its newest checkpoint; without a folder, with the newest run in runs/.",
  ),
  ...machineOptions,
  offline: option(v.boolean(), false, "Take a model of the Hugging Face Hub from the cache only."),
  dryRun: option(
    v.boolean(),
    false,
    "Check data and model, make a few steps and throw them away, say about how long the run would take, and end. Writes nothing.",
  ),
  json: option(v.boolean(), false, "Print every event as one line of JSON on standard output."),
  quiet: option(v.boolean(), false, "Print nothing for people but errors."),
  ...helpOptions,
  ...trainOptions,
  revectorize: { ...trainOptions.revectorize, default: true }, // the process is the command's own
};

/** A flag that the original script alone has: where one is, `original-form.ts` says whether the command line is in its form. */
export const originalFlag = /^--(steps|nprocs|datasets.?per.?batch|max.?length(.?[ab])?)(=|$)/i;

/** The text of `kindred-train --help`. */
export function trainHelp(): string {
  return `kindred-train DATA [OUTPUT] [options]
kindred-train mine --help
kindred-train prepare --help
kindred-train distill --help
kindred-train distill-static --help
kindred-train gradients --help

Trains a sentence encoder on pairs of texts. DATA is a data file (.jsonl, .csv or .tsv, each also
as .gz or .zst, or .parquet) or a data_config.json that weights several; OUTPUT is a new folder. With --model the model of
that folder is fine-tuned, without it a new one is trained from nothing.

  kindred-train pairs.jsonl my-model
  kindred-train pairs.jsonl --model sentence-transformers/all-mpnet-base-v2 --max-steps 500 --batch-size 128
  kindred-train --preset quickstart
  kindred-train --resume

The command line of the original script, kindred-train data_config.json OUTPUT --model M --steps N
--batch_size 128 --nprocs 8 --datasets_per_batch 2 --data_folder DIR, is known by its own flags (--steps,
--nprocs, …) and means what it meant; the same command in Kindred's words is printed.

Ctrl-C saves a checkpoint and exits with 130; --resume goes on from there. Exit codes: 0 done, 1 failed,
2 wrong usage, 3 bad data or model file, 129, 130 or 143 stopped after saving, 141 the reader of the
output has gone.

Options (also as --snake_case; a boolean is turned off by --no-…):
${optionHelp(trainFlags)}
`;
}
