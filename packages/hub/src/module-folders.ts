import { FormatError } from "@kindred/errors";

/** A module of a sentence-transformers model: its folder, "" for the root, and its class without the Python package. */
export type ModuleFolder = { readonly folder: string; readonly type: string };

/** A model without modules.json: one transformer in the root. */
export const bareModel: readonly ModuleFolder[] = [{ folder: "", type: "Transformer" }];

/**
 * The folders of a model's modules, as its modules.json lists them.
 *
 * They only select from files that exist, so a path that leads elsewhere selects nothing.
 *
 * @param text the contents of modules.json
 * @throws FormatError if it is no list of modules
 *
 * @example
 * ```ts
 * import { moduleFolders } from "@kindred/hub";
 *
 * const text = '[{ "idx": 0, "name": "0", "path": "0_MPNet", "type": "sentence_transformers.models.Transformer" }]';
 * moduleFolders(text); // => [{ folder: "0_MPNet", type: "Transformer" }]
 * ```
 */
export function moduleFolders(text: string, { file = "modules.json" } = {}): ModuleFolder[] {
  let modules: unknown;
  try {
    modules = JSON.parse(text);
  } catch (cause) {
    throw new FormatError({ file }, "not JSON.", {}, { cause });
  }
  if (!Array.isArray(modules)) throw new FormatError({ file }, "not a list of modules.");
  return modules.map((module: { path?: unknown; type?: unknown } | null) => {
    if (typeof module?.path !== "string" || typeof module.type !== "string") {
      throw new FormatError({ file }, "a module lacks its path or type.");
    }
    return { folder: module.path.replace(/\/+$/, ""), type: module.type.split(".").at(-1) ?? "" };
  });
}

/** The path of a file in a module's folder. */
export function inFolder(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
