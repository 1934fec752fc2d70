import type { Option } from "./option.ts";

/** What kind of value an option takes, as far as a command line needs to know. */
export type ValueType =
  | { readonly kind: "number" | "boolean" | "string" | "list" }
  | { readonly kind: "word"; readonly words: readonly string[] };

/** What is read here of a valibot schema, or of an action in its pipe. */
type Described = {
  readonly type: string;
  readonly requirement?: unknown;
  readonly wrapped?: Described;
  readonly pipe?: readonly Described[];
  readonly options?: readonly unknown[];
};

/**
 * The kind of value that an option's schema describes, found from the schema itself.
 *
 * @example
 * ```ts
 * import { option, valueType } from "@kindred/options";
 * import * as v from "valibot";
 *
 * valueType(option(v.picklist(["hf", "torch"]), "hf", "Which AdamW.")); // => { kind: "word", words: ["hf", "torch"] }
 * valueType(option(v.optional(v.number()), undefined, "A limit.")); // => { kind: "number" }
 * ```
 */
export function valueType(option: Option<unknown>): ValueType {
  const schema = innermostSchema(option);
  if (schema.type === "picklist") return { kind: "word", words: (schema.options ?? []).map(String) };
  if (schema.type === "array") return { kind: "list" };
  return schema.type === "number" || schema.type === "boolean" ? { kind: schema.type } : { kind: "string" };
}

/** The schema of an option's value, without the optional(…), nullable(…) around it. */
export function innermostSchema(option: Option<unknown>): Described {
  let schema: Described = option.schema;
  while (schema.wrapped !== undefined) schema = schema.wrapped;
  return schema;
}
