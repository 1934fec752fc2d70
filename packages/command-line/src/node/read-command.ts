import { checkOptions, flagName, option, type OptionTable, type OptionValues } from "@kindred/options";
import * as v from "valibot";
import { parseFlags, type ParsedFlags } from "./parse-flags.ts";
import { ownNodeOption, packageVersion } from "./run-command.ts";

/** The switches that every command has beside its own: {@link printAsked} heeds them. */
export const helpOptions = {
  ownNode: ownNodeOption,
  help: option(v.boolean(), false, "Print this."),
  version: option(v.boolean(), false, "Print the version."),
};

/**
 * The arguments of a command by its table: what was given, all values with those that were not, and the words that are no flags.
 *
 * @param name of the command, as it is typed: errors name it
 * @throws ConfigError for a flag that the table lacks, and for a value that its schema refuses
 *
 * @example
 * ```ts
 * import { helpOptions, readCommand } from "@kindred/command-line/node";
 * import { option } from "@kindred/options";
 * import * as v from "valibot";
 *
 * const table = { cores: option(v.number(), 0, "Worker threads."), ...helpOptions };
 * const { flags, positionals } = readCommand("my-command", table, ["a.txt", "--cores", "2"]);
 * [positionals, flags.cores, flags.help]; // => [["a.txt"], 2, false]
 * ```
 */
export function readCommand<Table extends OptionTable>(
  name: string,
  table: Table,
  argv: readonly string[],
): ParsedFlags & { readonly flags: OptionValues<Table> } {
  const { given, positionals } = parseFlags(table, argv);
  return { given, positionals, flags: checkOptions(table, given, name, { named: flagName }) };
}

/**
 * Prints help or version on standard output, where they are asked for, and says whether they were: the command is done then.
 *
 * @param manifest the command's package.json, which has its version
 *
 * @example
 * ```ts ignore
 * import { printAsked } from "@kindred/command-line/node";
 *
 * if (printAsked(flags, { help: () => "my-command TEXT\n", manifest: new URL("../package.json", import.meta.url) })) return;
 * ```
 */
export function printAsked(
  { help, version }: { readonly help: boolean; readonly version: boolean },
  texts: { readonly help: () => string; readonly manifest: URL },
): boolean {
  if (help) process.stdout.write(texts.help());
  else if (version) process.stdout.write(`${packageVersion(texts.manifest)}\n`);
  return help || version;
}
