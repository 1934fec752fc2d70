import { FormatError } from "@kindred/errors";
import { type JsonObject, jsonObjectFile, type ModelFiles } from "./model-files.ts";

/** How the transformer module reads texts. */
export type TransformerOptions = {
  /** The limit of tokens that the folder names, unchecked; undefined if none. */
  readonly maxSeqLength: number | undefined;
  readonly doLowerCase: boolean;
};

/** The file's names over the years, the newest first; the first one that is there counts. */
const fileNames = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"].map(
  (kind) => `sentence_${kind}_config.json`,
);

/** Keys of which any other value than these makes other vectors. */
const onlyValues: { readonly [key: string]: unknown } = {
  transformer_task: "feature-extraction",
  module_output_name: "token_embeddings",
  query_length: null,
  document_length: null,
  query_expansion: null,
};
/** Keys that may be there, empty. */
const emptyOnly = [
  "processing_kwargs",
  "model_args",
  "model_kwargs",
  "tokenizer_args",
  "processor_kwargs",
  "config_args",
  "config_kwargs",
];

/**
 * What `sentence_bert_config.json` says, in all its forms, and `tokenizer_config.json` of the limit: `max_seq_length`
 * counts where it is there, else `model_max_length`. A bare transformer has no such file, as in sentence-transformers,
 * even where it lies there.
 *
 * @throws FormatError naming the file and the key, for what would change the vectors
 */
export function transformerOptions(
  files: ModelFiles,
  folder: string,
  { isBare }: { readonly isBare: boolean },
): TransformerOptions {
  const path = fileNames.map((name) => `${folder}${name}`).find((name) => Object.hasOwn(files, name));
  const options: JsonObject = isBare || path === undefined ? {} : (jsonObjectFile(files, path) ?? {});
  const file = path ?? `${folder}${fileNames[0]}`;
  const refuse = (key: string, rule: string): never => {
    throw new FormatError({ file }, `${key} does not fit. Got ${JSON.stringify(options[key])}, expected ${rule}.`);
  };
  for (const [key, value] of Object.entries(onlyValues))
    if ((options[key] ?? value) !== value) refuse(key, JSON.stringify(value));
  for (const key of emptyOnly) if (Object.keys((options[key] as object | null) ?? {}).length > 0) refuse(key, "{}");
  const output = (options["modality_config"] as { text?: { method_output_name?: unknown } } | undefined)?.text;
  if ((output?.method_output_name ?? "last_hidden_state") !== "last_hidden_state")
    refuse("modality_config", "the text's method_output_name to be last_hidden_state");
  const doLowerCase = options["do_lower_case"] ?? false;
  const tokenizer = jsonObjectFile(files, `${folder}tokenizer_config.json`) ?? {};
  const limit = options["max_seq_length"] ?? tokenizer["model_max_length"] ?? undefined;
  if (limit !== undefined && typeof limit !== "number") return refuse("max_seq_length", "a number");
  return {
    maxSeqLength: limit,
    doLowerCase: typeof doLowerCase === "boolean" ? doLowerCase : refuse("do_lower_case", "true or false"),
  };
}
