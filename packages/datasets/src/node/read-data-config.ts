import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { type DataConfigEntry, parseDataConfig } from "../parse-data-config.ts";

/** One dataset of a mixture, ready to be opened. */
export type ResolvedDataConfigEntry = DataConfigEntry & {
  /** The path (or `npm:` name) for `openDataset`. */
  readonly name: string;
  /** The name as the file has it, for logs and for what must not depend on where the files lie. */
  readonly label: string;
};

/**
 * The datasets and weights of a data_config.json file, names resolved.
 *
 * A name is a path relative to the folder of the file, or to `dataFolder`; an absolute path and an `npm:` name stay as
 * they are. Whether the datasets exist is not checked here.
 *
 * @throws ConfigError when the file cannot be read or breaks a rule of {@link parseDataConfig}.
 *
 * @example
 * ```ts ignore
 * import { openDataset, readDataConfig } from "@kindred/datasets/node";
 *
 * const entries = await readDataConfig("data/data_config.json");
 * const datasets = entries.map((entry) => openDataset(entry.name));
 * ```
 */
export async function readDataConfig(
  path: string,
  { dataFolder = dirname(path) }: { readonly dataFolder?: string | undefined } = {},
): Promise<readonly ResolvedDataConfigEntry[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `readDataConfig: cannot read ${path} (${reason}). Expected a data_config.json.`,
      { path },
      { cause },
    );
  }
  return parseDataConfig(text, { file: path }).map((entry) => {
    const isResolved = entry.name.startsWith("npm:") || isAbsolute(entry.name);
    return { ...entry, name: isResolved ? entry.name : join(dataFolder, entry.name), label: entry.name };
  });
}
