import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ConfigError, FormatError } from "@kindred/errors";
import { evaluationFile } from "@kindred/trainer";
import type { ProgramIdentity } from "./run-folder.ts";

/** Options that are paths, where they name no model of a hub. */
const paths = ["data", "dataFolder", "model", "vocabulary", "guide", "teacher"];

/** The options of a run with its paths as they are from this working folder: they were written in another, perhaps. */
function fromHere(config: { readonly [name: string]: unknown }, folder: unknown): { readonly [name: string]: unknown } {
  if (typeof folder !== "string" || folder === process.cwd()) return config;
  const found = (path: unknown) =>
    typeof path === "string" && path !== "" && existsSync(resolve(folder, path)) ? resolve(folder, path) : path;
  const moved = paths.flatMap((name) => (name in config ? [[name, found(config[name])] as const] : []));
  const { evalData, guides } = config;
  const foundGuide = (text: unknown) => String(text).replace(/(?<==).*$/s, (path) => String(found(path))); // name=FOLDER
  const foundFile = (text: unknown) => {
    const { path } = evaluationFile(String(text));
    return `${String(found(path))}${String(text).slice(path.length)}`; // FILE:EVALUATOR
  };
  return {
    ...config,
    ...Object.fromEntries(moved),
    ...(Array.isArray(evalData) && { evalData: evalData.map(foundFile) }),
    ...(Array.isArray(guides) && { guides: guides.map(foundGuide) }),
  };
}

/**
 * The options in a JSON file, or in the `run.json` of a run's folder. They are not checked here. A path that was relative
 * to another working folder, in which the run was begun, is given in full.
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
  const { file, value } = readJson(path);
  if (isObject(value) && isObject(value["config"])) return fromHere(value["config"], value["folder"]);
  if (isObject(value)) return value;
  throw new ConfigError(
    `${file}: holds no configuration. Got ${JSON.stringify(value)?.slice(0, 40)}, expected an object of options.`,
    { file },
  );
}

/**
 * Refuses to go on with a run by another program than it began with. The file that the run names is neither looked for nor imported:
 * whoever goes on says which program it is.
 *
 * @param run the run's folder
 * @param given the program of today; undefined without one
 * @throws ConfigError saying which program to give; FormatError if `run.json` is damaged
 *
 * @example
 * ```ts ignore
 * import { expectSameProgram } from "@kindred/run-folder/node";
 *
 * expectSameProgram("my-run", undefined); // throws if the run was begun with a program
 * ```
 */
export function expectSameProgram(run: string, given: ProgramIdentity | undefined): void {
  const { file, value } = readJson(run);
  const begun = isObject(value) ? value["program"] : undefined;
  if (begun === undefined && given === undefined) return;
  if (begun === undefined)
    throw new ConfigError(
      `train: the run ${run} was begun without a program. Got ${given?.name}. Go on without it, or start a new run.`,
      { run },
    );
  if (!isObject(begun) || typeof begun["name"] !== "string" || typeof begun["sha256"] !== "string")
    throw new FormatError({ file }, "program is damaged. Expected { name, sha256 }. Start a new run.");
  const { name, sha256 } = begun;
  if (given === undefined)
    throw new ConfigError(
      `train: the run ${run} was begun with the program ${name}, which is not imported by itself. Give it again: --program ${name}, or { program: URL } to train.`,
      { run, program: name },
    );
  if (given.sha256 !== sha256)
    throw new ConfigError(
      `train: the program is not the one that the run ${run} was begun with. Got ${given.name} with SHA-256 ${given.sha256}, expected ${sha256} (${name}). Give that file, or start a new run.`,
      { run, got: given.sha256, expected: sha256 },
    );
}

/** What the JSON file at a path holds, or the `run.json` of the folder there. */
function readJson(path: string): { readonly file: string; readonly value: unknown } {
  const file = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? join(path, "run.json") : path;
  try {
    return { file, value: JSON.parse(readFileSync(file, "utf8")) };
  } catch (cause) {
    throw new ConfigError(
      `${file}: cannot be read as a configuration: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { file },
      { cause },
    );
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
