import { FormatError, JsonField } from "@kindred/errors";
import { type Tokenizer, tokenizerFromJson } from "@kindred/tokenizer";
import type { FileSource, ModelModule } from "./model-folder.ts";
import type { ListedModule } from "./read-model-folder.ts";
import { readJson, type ReadTokenizer } from "./read-settings.ts";
import { staticTable, staticTableName } from "./static-table.ts";
import { openWeights } from "./stored-tensors.ts";

/** The `model_type` that a static embedding has here, where an encoder has one. No file of other libraries says it. */
export const staticModelType = "static-embedding";

/** The `model_type` of model2vec's config.json. */
export const model2vecType = "model2vec";

const model2vecLimit = 512; // `max_length` of its encode

/** The modules of a folder of model2vec that lists none. */
export function model2vecModules(config: JsonField): [first: ListedModule, ...others: ListedModule[]] {
  const first = { kind: "StaticEmbedding", path: "" } as const;
  return config.field("normalize").boolean(false) ? [first, { kind: "Normalize", path: "" }] : [first];
}

/**
 * A static embedding and its tokenizer. Texts are read without special tokens, and up to the `truncation` of tokenizer.json; where a
 * config.json says that it is model2vec's, as that library reads them: up to 512 tokens, without those that stand for unknown words (which its
 * Unigram tokenizers keep).
 *
 * @throws FormatError naming the file, for one that is missing or broken
 * @see sentence-transformers 6.2.0, `static_embedding.py`; MinishLab/model2vec 0.7, `model.py`
 */
export async function readStaticEmbedding(
  source: FileSource,
  path: string,
): Promise<{ readonly module: ModelModule; readonly tokenizer: ReadTokenizer }> {
  const folder = path === "" ? "" : `${path}/`;
  const tokenizerPath = `${folder}tokenizer.json`;
  const tokenizerFile = source.nameOf(tokenizerPath);
  const bytes = await source.read(tokenizerPath);
  if (bytes === undefined)
    throw new FormatError({ file: tokenizerFile }, "the file is missing, and a static embedding can't do without.");
  const json = JsonField.parse(bytes, tokenizerFile);
  const config = await readJson(source, `${folder}config.json`);
  const isModel2vec = config?.field("model_type").value === model2vecType;
  const truncation = json.field("truncation");
  const limits = [
    ...(truncation.isNull ? [] : [truncation.field("max_length").integer(1, 2 ** 53)]),
    ...(isModel2vec ? [model2vecLimit] : []),
  ];
  const dropsUnknown = isModel2vec && json.field("model").field("type").value !== "Unigram";
  const open = async () => {
    const weights = await openWeights(source, folder);
    try {
      return staticTable(weights);
    } catch (error) {
      await weights.close();
      throw error;
    }
  };
  const table = await open();
  await table.close();
  const [vocab_size, hidden_size] = table.tensors.get(staticTableName)?.shape ?? [];
  let made: Tokenizer | undefined;
  return {
    module: {
      kind: "StaticEmbedding",
      path,
      config: { model_type: staticModelType, vocab_size, hidden_size },
      file: table.file,
      openWeights: open,
    },
    tokenizer: {
      tokenizer: () => (made ??= tokenizerFromJson(bytes, { file: tokenizerFile, bare: { dropsUnknown } })),
      path: tokenizerPath,
      maxLength: limits.length === 0 ? undefined : Math.min(...limits),
    },
  };
}
