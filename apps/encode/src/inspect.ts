import { readCommand } from "@kindred/command-line/node";
import { ConfigError } from "@kindred/errors";
import { modelFolder } from "@kindred/hub/node";
import { option, optionHelp } from "@kindred/options";
import { inspectModel, type ModelDescription, type ModuleDescription } from "@kindred/sentence-encoder/node";
import * as v from "valibot";

const inspectFlags = {
  offline: option(v.boolean(), false, "Take a model of the Hugging Face Hub from the cache only."),
  json: option(v.boolean(), false, "Print everything as JSON."),
  help: option(v.boolean(), false, "Print this."),
};

const help = `kindred-encode inspect FOLDER [options]

Says what a model is: its modules and sizes, tokenizer, limits, weights and where it comes from. Reads no weights.

${optionHelp(inspectFlags)}
`;

/** Runs `kindred-encode inspect`. */
export async function inspect(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const { flags, positionals } = readCommand("kindred-encode inspect", inspectFlags, argv);
  if (flags.help) return void process.stdout.write(help);
  const [model] = positionals;
  if (model === undefined || positionals.length > 1) {
    throw new ConfigError(
      `kindred-encode inspect: expected one FOLDER. Got ${positionals.length} arguments. See kindred-encode inspect --help.`,
    );
  }
  const folder = await modelFolder(model, { offline: flags.offline, signal, sink: process.stderr });
  const description = await inspectModel(folder);
  process.stdout.write(`${flags.json ? JSON.stringify(description) : modelText(folder, description)}\n`);
}

/** A description as lines for people. */
function modelText(
  folder: string,
  { modules, dimension, limits, tokenizer, weights, settings, provenance }: ModelDescription,
): string {
  const { parameterCount, bytes, dtypes, files, unused } = weights;
  const special = Object.entries(tokenizer.specialTokens).map(([role, token]) => `${role} ${token}`);
  const facts: readonly (readonly [string, string])[] = [
    ["model", folder],
    ["modules", modules.map(moduleText).join("\n")],
    ["vectors", `${dimension} numbers, compared by ${settings.similarityFunction}`],
    ["cut to", cutsText(settings.matryoshkaDimensions)],
    ["limits", limitsText(limits)],
    ["tokenizer", `${tokenizer.file}, ${tokenizer.vocabularySize.toLocaleString("en")} entries, ${special.join(", ")}`],
    ["words", wordsText(limits.words, tokenizer.vocabularySize)],
    [
      "weights",
      `${parameterCount.toLocaleString("en")} parameters, ${(bytes / 1e6).toFixed(1)} MB, ${listOf(dtypes)}, in ${files.join(", ")}`,
    ],
    [
      "in memory",
      Object.entries(weights.memory)
        .map(([form, size]) => `${(size / 1e6).toFixed(1)} MB with --weights ${form}`)
        .join(", "),
    ],
    [
      "not used",
      unused.length > 6 ? `${unused.length} tensors, ${unused.slice(0, 3).join(", ")} and others` : unused.join(", "),
    ],
    ["prompts", listOf(settings.prompts)],
    ["default prompt", settings.defaultPromptName ?? ""],
    ["made from", provenance.baseModel ?? ""],
    ["written with", listOf(provenance.writtenWith)],
    ["card", listOf(provenance.card)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts
    .filter(([, text]) => text !== "")
    .map(([name, text]) => name.padEnd(width) + text.replaceAll("\n", `\n${" ".repeat(width)}`))
    .join("\n");
}

/** What vectors may be cut to; nothing where the model does not say. */
function cutsText(dimensions: ModelDescription["settings"]["matryoshkaDimensions"]): string {
  return dimensions === "any" ? "any number" : dimensions === undefined ? "" : `${dimensions.join(", ")} numbers`;
}

/** A model without positions reads texts of any length, unless its folder names a limit. */
function limitsText({ maxSeqLength, positions }: ModelDescription["limits"]): string {
  if (positions < 2 ** 30) return `${maxSeqLength} tokens are read, of ${positions} that the model has positions for`;
  return maxSeqLength < positions ? `${maxSeqLength} tokens are read` : "texts of any length are read";
}

/** What there is to say where the table of words and the tokenizer are not of one size. */
function wordsText(rows: number, entries: number): string {
  if (rows === entries) return "";
  const table = `the model's table has ${rows.toLocaleString("en")} rows, `;
  return rows > entries
    ? `${table}${rows - entries} more than the tokenizer has entries: no text meets them`
    : `${table}${entries - rows} fewer than the tokenizer has entries: a text with one of the last of them is refused`;
}

function moduleText(module: ModuleDescription): string {
  switch (module.kind) {
    case "Transformer":
    case "StaticEmbedding":
      return module.description;
    case "Pooling":
      return `Pooling: ${module.modes.join(" + ")}`;
    case "Dense": {
      const { kind, ...layer } = module;
      return `${kind}: ${JSON.stringify(layer)}`;
    }
    case "Normalize":
      return "Normalize: vectors of length 1";
    case "Dropout":
      return `Dropout: ${module.rate} while training, nothing where texts are encoded`;
  }
}

function listOf(values: { readonly [name: string]: unknown }): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === "string" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}
