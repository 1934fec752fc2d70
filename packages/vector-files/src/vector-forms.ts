import { ConfigError } from "@kindred/errors";
import type { VectorForm } from "./vector-form.ts";

/** What a file of vectors may be, by the ending of its name; each is loaded when it is first asked for. */
const forms: { readonly [ending: string]: () => Promise<VectorForm> } = {
  ".npy": async () => (await import("./array-forms.ts")).npyForm,
  ".jsonl": async () => (await import("./jsonl-form.ts")).jsonlForm,
  ".safetensors": async () => (await import("./array-forms.ts")).safetensorsForm,
  ".parquet": async () => (await import("./parquet-form.ts")).parquetForm,
};

/** The endings that {@link vectorFormOf} knows. */
export const vectorEndings: readonly string[] = Object.keys(forms);

/**
 * The form of a file of vectors, by the ending of its name.
 *
 * @param where what the error calls the name: a command's flag, say
 * @throws ConfigError for another ending
 *
 * @example
 * ```ts
 * import { vectorFormOf } from "@kindred/vector-files";
 *
 * (await vectorFormOf("vectors.npy")).holds; // => { ids: false, texts: false }
 * ```
 */
export async function vectorFormOf(file: string, where = "vectorFormOf"): Promise<VectorForm> {
  const ending = vectorEndings.find((ending) => file.endsWith(ending));
  const load = ending === undefined ? undefined : forms[ending];
  if (load !== undefined) return load();
  const rule = `${vectorEndings.slice(0, -1).join(", ")} or ${vectorEndings.at(-1)}`;
  throw new ConfigError(`${where}: unknown kind of file. Got ${file}, expected ${rule}.`, { file });
}
