import { pathToFileURL } from "node:url";
import { checkOutputFile, parseFlags } from "@kindred/command-line/node";
import { contrastive } from "@kindred/contrastive-loss";
import { ConfigError } from "@kindred/errors";
import { checkOptions, flagName, grouped, option, optionHelp } from "@kindred/options";
import { writeSafetensors } from "@kindred/tensor-files";
import { writeFileAtomic } from "@kindred/files/node";
import { familiesOf, loadProgram } from "@kindred/trainer";
import * as v from "valibot";
import { batchGradients } from "./batch-gradients.ts";
import { machineOptions, runEngine } from "./run-engine.ts";
import { trainFlags } from "./train-flags.ts";

const { backend, products, plugin, compileCache } = trainFlags;

const gradientFlags = {
  model: option(v.string(), "", "Folder of the model."),
  data: option(v.string(), "", "File of pairs, triplets or longer rows; all of it is one batch."),
  output: option(v.string(), "", "The .safetensors file to write."),
  maxLength: option(
    v.optional(v.pipe(v.number(), v.integer(), v.minValue(2))),
    undefined,
    "Tokens of a text that are read, instead of the model's own limit.",
  ),
  loss: option(
    v.picklist(["symmetric", "one-way"]),
    "symmetric",
    "Find the right text both ways, or for the first column only.",
  ),
  program: option(v.string(), "", "A module that sets another loss, or brings the model's family: as for training."),
  scale: option(v.pipe(v.number(), v.gtValue(0)), 20, "Factor on the cosines."),
  help: option(v.boolean(), false, "Print this."),
  ...grouped("Engine", { backend, products, plugin, compileCache }),
};

const help = `kindred-train gradients --model FOLDER --data PAIRS.jsonl --output G.safetensors [options]

Writes the gradient of every weight, by its Hugging Face name, of the loss of one batch, and
prints {"loss": …}. Dropout is off, word embeddings are dense, and no text is left out as a duplicate:
for comparing with other implementations.

${optionHelp(gradientFlags)}
`;

/** Runs `kindred-train gradients`. */
export async function gradients(argv: readonly string[]): Promise<void> {
  const { given, positionals } = parseFlags(gradientFlags, argv);
  const flags = checkOptions(gradientFlags, given, "kindred-train gradients", { named: flagName });
  if (flags.help) return void process.stdout.write(help);
  const missing = (["model", "data", "output"] as const).find((name) => flags[name] === "");
  if (missing !== undefined)
    throw new ConfigError(`kindred-train gradients: --${missing} is missing. See kindred-train gradients --help.`);
  if (positionals.length > 0)
    throw new ConfigError(
      `kindred-train gradients: unexpected argument ${positionals[0]}. See kindred-train gradients --help.`,
    );
  checkOutputFile("--output", flags.output);
  const { model, data, maxLength, loss: direction, scale } = flags;
  const parts = flags.program === "" ? {} : await loadProgram(pathToFileURL(flags.program));
  const refused = parts.loss === undefined ? undefined : ["loss", "scale"].find((name) => given[name] !== undefined);
  if (refused !== undefined)
    throw new ConfigError(
      `kindred-train gradients: --${refused} would have no effect, as the program sets the loss. Leave it out, or set it in the program.`,
    );
  const { loss = contrastive({ scale, direction, equalTexts: "keep" }) } = parts;
  const { backend, products } = flags;
  if (backend !== "xla" && given["products"] !== undefined)
    throw new ConfigError(
      `kindred-train gradients: --products says something to XLA alone. Got --backend ${backend}. Leave it out, or choose --backend xla.`,
    );
  const { engine } = runEngine({ backend, products, devices: 1, revectorize: false }, machineOptions(flags));
  const asked = { model, data, loss, families: familiesOf(parts), engine };
  const result = await batchGradients({ ...asked, ...(maxLength === undefined ? {} : { maxLength }) });
  await writeFileAtomic(flags.output, writeSafetensors(result.gradients));
  process.stdout.write(`${JSON.stringify({ loss: result.loss })}\n`);
}
