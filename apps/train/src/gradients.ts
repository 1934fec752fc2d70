import { pathToFileURL } from "node:url";
import {
  checkOutputFile,
  chooseEngine,
  engineOptions,
  helpOptions,
  printAsked,
  readCommand,
} from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { flagName, option, optionHelp } from "@kindred/options";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
import { writeSafetensors } from "@kindred/tensor-files";
import { writeFileAtomic } from "@kindred/files/node";
import {
  columnPrompts,
  familiesOf,
  guideFolders,
  loadProgram,
  lossNames,
  lossOf,
  trainConfig,
  trainOptions,
} from "@kindred/trainer";
import * as v from "valibot";
import { batchGradients } from "./batch-gradients.ts";
import { manifest } from "./train-flags.ts";

const { backend, products, plugin, compileCache } = engineOptions;

/** All options of a run that are about its loss, but that which chooses it. */
const guideFlags = { guide: trainOptions.guide, teacher: trainOptions.teacher, guides: trainOptions.guides };
const { loss: _, ...lossFlags } = Object.fromEntries(
  Object.entries(trainOptions).filter(([, { group }]) => group === "Loss"),
);

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
    v.picklist([...lossNames, "one-way"]),
    "symmetric",
    "The loss, of which the options below are; one-way is short for contrastive with --direction one-way.",
  ),
  program: option(v.string(), "", "A module that sets another loss, or brings the model's family: as for training."),
  prompts: trainOptions.prompts,
  ...helpOptions,
  ...lossFlags,
  backend,
  products,
  plugin,
  compileCache,
};

const help = () => `kindred-train gradients --model FOLDER --data PAIRS.jsonl --output G.safetensors [options]

Writes the gradient of every weight, by its Hugging Face name, of the loss of one batch, and
prints {"loss": …}. Dropout is off, word embeddings are dense, and no text is left out as a duplicate
unless --equal-texts leaveOut says so: for comparing with other implementations. Weights that the loss
has of its own (a projection) begin as the seed 42 has them, and are called loss.<name>.

${optionHelp(gradientFlags)}
`;

/** Runs `kindred-train gradients`. */
export async function gradients(argv: readonly string[]): Promise<void> {
  const { given, flags, positionals } = readCommand("kindred-train gradients", gradientFlags, argv);
  if (printAsked(flags, { help, manifest })) return;
  const missing = (["model", "data", "output"] as const).find((name) => flags[name] === "");
  if (missing !== undefined)
    throw new ConfigError(`kindred-train gradients: --${missing} is missing. See kindred-train gradients --help.`);
  if (positionals.length > 0)
    throw new ConfigError(
      `kindred-train gradients: unexpected argument ${positionals[0]}. See kindred-train gradients --help.`,
    );
  checkOutputFile("--output", flags.output);
  const { model, data, maxLength } = flags;
  const parts = flags.program === "" ? {} : await loadProgram(pathToFileURL(flags.program));
  const ofLoss = Object.entries(given).filter(([name]) => name === "loss" || Object.hasOwn(lossFlags, name));
  const [refused] = parts.loss === undefined ? [] : ofLoss.filter(([name]) => !(name in guideFlags));
  if (refused !== undefined)
    throw new ConfigError(
      `kindred-train gradients: ${flagName(refused[0])} would have no effect, as the program sets the loss. Leave it out, or set it in the program.`,
    );
  const engine = await chooseEngine({ ...flags, revectorize: false, devices: 0 }, { where: "kindred-train gradients" });
  const oneWay = flags.loss === "one-way" ? { loss: "contrastive", direction: "one-way" } : {};
  const chosen = { loss: flags.loss, ...Object.fromEntries(ofLoss), ...oneWay };
  const config = trainConfig(chosen, { where: "kindred-train gradients" });
  const { equalTexts = "keep", seed } = config;
  const loss = parts.loss ?? ((sizes: { readonly dimension: number }) => lossOf({ ...config, equalTexts }, {}, sizes));
  const guides: { [name: string]: SentenceEncoder } = {};
  try {
    for (const [name, folder] of Object.entries(guideFolders(config)))
      guides[name] = await loadSentenceEncoder(folder, { engine, cores: 0 });
    const prompts = columnPrompts(flags);
    const asked = { model, data, loss, guides, seed, prompts, families: familiesOf(parts), engine };
    const result = await batchGradients({ ...asked, ...(maxLength === undefined ? {} : { maxLength }) });
    await writeFileAtomic(flags.output, writeSafetensors(result.gradients));
    process.stdout.write(`${JSON.stringify({ loss: result.loss })}\n`);
  } finally {
    for (const guide of Object.values(guides)) await guide.close();
  }
}
