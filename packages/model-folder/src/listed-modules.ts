import { JsonField } from "@kindred/errors";
import { type ModelModule, moduleKinds } from "./model-folder.ts";

/** A module as `modules.json` lists it: its class, and its folder, "" or without a slash at its end. */
export type ListedModule = Pick<ModelModule, "kind" | "path">;

/** The file that lists a model's modules. */
export const modulesFile = "modules.json";

/**
 * The modules that the text of a `modules.json` lists, in the spelling of any sentence-transformers version; undefined, as
 * the file is where it is missing, means a bare transformer.
 *
 * @throws FormatError naming the file and the key, for a module other than those of `moduleKinds`, for a path that leads out of the
 * folder, and for any other order than Transformer → Pooling → any of the others
 *
 * @example
 * ```ts
 * import { listedModules } from "@kindred/model-folder";
 *
 * const text = JSON.stringify([
 *   { idx: 0, name: "0", path: "", type: "sentence_transformers.models.Transformer" },
 *   { idx: 1, name: "1", path: "./1_Pooling/", type: "sentence_transformers.models.Pooling" },
 * ]);
 * listedModules(text)[1]; // => { kind: "Pooling", path: "1_Pooling" }
 * ```
 */
export function listedModules(
  text: string | Uint8Array | undefined,
  { file = modulesFile }: { readonly file?: string } = {},
): ListedModule[] {
  if (text === undefined) return [{ kind: "Transformer", path: "" }];
  const list = JsonField.parse(text, file);
  const names = new Set<unknown>();
  const modules = list.array().map((module, i) => {
    const name = module.field("name").value ?? i;
    if (names.has(name)) module.field("name").refuse("a name that no other module has");
    names.add(name);
    return { kind: kindOf(module.field("type")), path: pathOf(module.field("path")) };
  });
  const [transformer, pooling, ...after] = modules;
  const isInOrder = transformer?.kind === "Transformer" && pooling?.kind === "Pooling";
  if (isInOrder && !after.some(({ kind }) => kind === "Transformer" || kind === "Pooling")) return modules;
  return list.refuse(
    `Transformer → Pooling → any Dense, Normalize and Dropout, not ${modules.map(({ kind }) => kind).join(" → ") || "no modules"}`,
  );
}

function kindOf(type: JsonField): ModelModule["kind"] {
  const name = type.text();
  const kind = moduleKinds.find((candidate) => candidate === name.slice(name.lastIndexOf(".") + 1));
  if (kind !== undefined && name.startsWith("sentence_transformers.")) return kind;
  return type.refuse(
    `a class of sentence_transformers among ${moduleKinds.join(", ")}: leaving it out would change the vectors`,
  );
}

/** A folder within the model's, without what changes nothing: `./`, doubled slashes, one at the end. */
function pathOf(path: JsonField): string {
  const text = path.value;
  if (typeof text !== "string" || /^\/|^[a-z]:|[\\\0]/i.test(text)) return path.refuse("a folder within the model's");
  const names = text.split("/").filter((name) => name !== "" && name !== ".");
  return names.includes("..") ? path.refuse("a folder within the model's") : names.join("/");
}
