import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";

/**
 * The options in a JSON file, or in the `run.json` of a run's folder. They are not checked here.
 *
 * @throws ConfigError if there is no such file or it holds no JSON object.
 *
 * @example
 * ```ts ignore
 * import { readRunConfig } from "@kindred/run-folder/node";
 * import { trainConfig } from "@kindred/trainer";
 *
 * // The same run again, with another seed and another folder:
 * const config = trainConfig({ seed: 7, output: "my-run-7" }, { base: readRunConfig("my-run") });
 * ```
 */
export function readRunConfig(path: string): { readonly [name: string]: unknown } {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, "run.json") : path;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ConfigError(
      `${file}: cannot be read as a configuration: ${(cause as Error).message}.`,
      { file },
      { cause },
    );
  }
  const config = isObject(value) && isObject(value["config"]) ? value["config"] : value;
  if (isObject(config)) return config;
  throw new ConfigError(
    `${file}: holds no configuration. Got ${JSON.stringify(value)?.slice(0, 40)}, expected an object of options.`,
    { file },
  );
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
