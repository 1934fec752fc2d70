import { ConfigError, nearestName } from "@kindred/errors";

/** One dataset of a mixture, as a data_config.json lists it. */
export type DataConfigEntry = {
  /** A file, relative to the data folder, or `npm:` and the name of a built-in corpus. */
  readonly name: string;
  /** How often the dataset is drawn: with probability weight / (sum of all weights). Zero = never. */
  readonly weight: number;
  /** How many rows the file has. For information only, as in the original. */
  readonly lines?: number;
};

const keys = ["name", "weight", "lines"];

/**
 * The datasets and weights of a data_config.json: an array of `{ "name", "weight", "lines"? }`.
 *
 * The original trainer wants whole weights; here any number from 0 up will do, as long as one is above 0.
 *
 * @param text - the file's content
 * @param options - `file`: its name in errors
 * @throws ConfigError naming the entry and the key that is wrong, and the nearest known key.
 * @see N. Reimers, se-pytorch-xla (2021), train_data_configs
 *
 * @example
 * ```ts
 * import { parseDataConfig } from "@kindred/datasets";
 *
 * parseDataConfig('[{"name": "pairs.jsonl", "weight": 3}]', { file: "data_config.json" }); // => [{ name: "pairs.jsonl", weight: 3 }]
 * ```
 */
export function parseDataConfig(text: string, { file }: { readonly file: string }): DataConfigEntry[] {
  const value = parseJson(text, file);
  refuseRows(value, file);
  if (!Array.isArray(value) || value.length === 0) {
    throw refusal(file, "the file is not a list of datasets", value, 'an array of one or more {"name", "weight"}');
  }
  const entries = value.map((entry, index) => entryOf(entry, `${file}, entry ${index + 1}`));
  const names = new Set<string>();
  for (const { name } of entries) {
    if (names.has(name))
      throw refusal(file, "a dataset is listed twice", name, "each name once, with the sum of the weights");
    names.add(name);
  }
  if (entries.every(({ weight }) => weight === 0)) {
    throw refusal(file, "every weight is 0", 0, "one weight above 0 at least");
  }
  return entries;
}

/** A .json file that holds rows is no list of data sets, and its rows are wanted one a line. */
function refuseRows(value: unknown, file: string): void {
  const [first]: readonly unknown[] = Array.isArray(value) ? value : [];
  const names = typeof first === "object" && first !== null ? Object.keys(first) : [];
  if (names.length < 2 || names.some((name) => keys.includes(name))) return;
  const columns = Array.isArray(first) ? "" : ` of ${names.slice(0, 4).join(", ")}`;
  throw new ConfigError(
    `parseDataConfig: ${file} holds rows${columns}, expected a list of data sets ([{"name": "pairs.jsonl", "weight": 1}]). ` +
      `Write the rows one a line into a .jsonl file: jq -c '.[]' ${file} > ${file}l`,
    { file },
  );
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch (cause) {
    if (isJson(text.split("\n", 1)[0] ?? ""))
      throw new ConfigError(
        `parseDataConfig: ${file} has one JSON value a line, expected a list of data sets. Rename it to ${file}l to train on its rows.`,
        { file },
        { cause },
      );
    throw new ConfigError(
      `parseDataConfig: ${file} is not JSON (${cause instanceof Error ? cause.message : cause}). Expected [{"name": "pairs.jsonl", "weight": 1}].`,
      { file },
      { cause },
    );
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function entryOf(entry: unknown, place: string): DataConfigEntry {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    throw refusal(place, "not an object", entry, '{"name": "pairs.jsonl", "weight": 1}');
  }
  for (const key of Object.keys(entry)) {
    if (keys.includes(key)) continue;
    const nearest = nearestName(key, keys);
    throw refusal(place, "unknown key", key, keys.join(", "), nearest && ` Did you mean ${nearest}?`);
  }
  const { name, weight, lines }: { readonly [key in keyof DataConfigEntry]?: unknown } = entry;
  if (typeof name !== "string" || name === "") throw refusal(place, "name is wrong", name, "a file or an npm: name");
  if (typeof weight !== "number" || !(weight >= 0 && weight < Infinity)) {
    throw refusal(place, "weight is wrong", weight, "a number from 0 up");
  }
  if (lines === undefined) return { name, weight };
  if (typeof lines !== "number" || !Number.isSafeInteger(lines) || lines < 0)
    throw refusal(place, "lines is wrong", lines, "a whole number from 0 up");
  return { name, weight, lines };
}

function refusal(place: string, problem: string, got: unknown, rule: string, advice = ""): ConfigError {
  const shown = got === undefined ? "nothing" : JSON.stringify(got).slice(0, 80);
  return new ConfigError(`parseDataConfig: ${problem} in ${place}. Got ${shown}, expected ${rule}.${advice}`, {
    place,
    got,
  });
}
