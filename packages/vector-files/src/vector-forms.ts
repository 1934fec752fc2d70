import { ConfigError } from "@kindred/errors";
import type { VectorForm } from "./vector-form.ts";

/** What a file of vectors may be, by the ending of its name; each is loaded when it is first asked for. */
const forms: { readonly [ending: string]: () => Promise<VectorForm> } = {
  ".npy": async () => (await import("./array-forms.ts")).npyForm,
  ".jsonl": async () => (await import("./jsonl-form.ts")).jsonlForm,
  ".safetensors": async () => (await import("./array-forms.ts")).safetensorsForm,
  ".parquet": async () => (await import("./parquet-form.ts")).parquetForm,
};

/**
 * The form of a file of vectors, by the ending of its name.
 *
 * @param where what the error calls the name: a command's flag, say
 * @throws ConfigError as {@link checkVectorFile}
 *
 * @example
 * ```ts
 * import { vectorFormOf } from "@kindred/vector-files";
 *
 * (await vectorFormOf("vectors.npy")).holds; // => { ids: false, texts: false }
 * ```
 */
export async function vectorFormOf(file: string, where = "vectorFormOf"): Promise<VectorForm> {
  return loaderOf(file, where)();
}

/**
 * Refuses a name of a file that {@link vectorFormOf} knows no form for.
 *
 * @throws ConfigError for such an ending
 *
 * @example
 * ```ts
 * import { checkVectorFile } from "@kindred/vector-files";
 *
 * checkVectorFile("vectors.parquet", "--output"); // => undefined
 * ```
 */
export function checkVectorFile(file: string, where: string): void {
  loaderOf(file, where);
}

function loaderOf(file: string, where: string): () => Promise<VectorForm> {
  const endings = Object.keys(forms);
  const load = forms[endings.find((ending) => file.endsWith(ending)) ?? ""];
  if (load !== undefined) return load;
  const rule = `${endings.slice(0, -1).join(", ")} or ${endings.at(-1)}`;
  throw new ConfigError(`${where}: unknown kind of file. Got ${file}, expected ${rule}.`, { file });
}
