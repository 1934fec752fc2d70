import { FormatError, JsonField } from "@kindred/errors";
import type { FileSource, ModelFolder, ModelModule, ModelSettings } from "./model-folder.ts";
import { modulesFile, modulesIn } from "./read-model-folder.ts";
import { readJson, readTokenizer, readTransformerSettings, sentenceFile, sentenceSettings } from "./read-settings.ts";
import { openWeights } from "./stored-tensors.ts";

/** What a folder says that logits become scores by. */
export type ScoreActivation = "sigmoid" | "identity";

/** A cross-encoder as its folder tells it, read once: a transformer with a classification head, which scores pairs of texts. */
export type CrossEncoderFolder = Pick<ModelFolder, "tokenizer" | "tokenizerFile"> & {
  /** Its config.json, and weights that hold the head too. */
  readonly transformer: ModelModule;
  readonly settings: Pick<ModelSettings, "maxSeqLength" | "doLowerCase" | "prompts" | "defaultPromptName">;
  /** How many logits a pair gets. */
  readonly labels: number;
  /** What makes scores of them. */
  readonly activation: ScoreActivation;
  /** Whether the encoder is told which of the two texts a token is of. */
  readonly usesTypeIds: boolean;
};

/**
 * Reads a cross-encoder from wherever its files lie, in the forms of all sentence-transformers versions: a bare folder of a
 * `…ForSequenceClassification`, or one whose `modules.json` names a transformer alone.
 *
 * @throws FormatError naming the file and the key, for a file that is missing or broken, and for anything that would change the scores
 * if it were ignored
 * @see sentence-transformers 6.2.0, `cross_encoder/model.py`
 *
 * @example
 * ```ts
 * import { filesInMemory, readCrossEncoderFolder } from "@kindred/model-folder";
 *
 * const json = { model_type: "bert", architectures: ["BertForSequenceClassification"], id2label: { 0: "LABEL_0" } };
 * const texts = { "config.json": JSON.stringify(json), "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncat\n" };
 * const files = Object.fromEntries(Object.entries(texts).map(([path, text]) => [path, new TextEncoder().encode(text)]));
 * const { labels, activation } = await readCrossEncoderFolder(filesInMemory(files));
 * [labels, activation]; // => [1, "sigmoid"]
 * ```
 */
export async function readCrossEncoderFolder(source: FileSource): Promise<CrossEncoderFolder> {
  const list = await source.read(modulesFile);
  const path = list === undefined ? "" : onlyTransformer(JsonField.parse(list, source.nameOf(modulesFile)));
  const inFolder = path === "" ? "" : `${path}/`;
  const isBare = list === undefined;
  const settings = await readTransformerSettings(source, inFolder, { isBare, task: "sequence-classification" });
  const file = source.nameOf(`${inFolder}config.json`);
  if (settings.config === undefined)
    throw new FormatError({ file }, "the file is missing. Is this a folder of a cross-encoder?");
  const config = new JsonField(
    Object.fromEntries(
      [...settings.config.entries(), ...settings.configArguments].map(([key, { value }]) => [key, value]),
    ),
    file,
  );
  const tokenizer = await readTokenizer(source, inFolder, settings);
  const sentence = isBare ? undefined : await readJson(source, sentenceFile);
  const { prompts, defaultPromptName } = sentenceSettings(sentence, { modelType: "CrossEncoder" });
  const labels = labelsIn(config);
  return {
    transformer: {
      kind: "Transformer",
      path,
      file,
      config: Object.fromEntries([...config.entries()].map(([key, { value }]) => [key, value])),
      openWeights: () => openWeights(source, inFolder),
    },
    get tokenizer() {
      return tokenizer.tokenizer();
    },
    tokenizerFile: tokenizer.path,
    settings: {
      maxSeqLength: settings.maxSeqLength ?? tokenizer.maxLength,
      doLowerCase: settings.doLowerCase,
      prompts,
      defaultPromptName,
    },
    labels,
    activation: activationIn(sentence, config) ?? (labels === 1 ? "sigmoid" : "identity"),
    usesTypeIds: usesTypeIds(await readJson(source, `${inFolder}tokenizer_config.json`)),
  };
}

/** The folder of a cross-encoder's one module. */
function onlyTransformer(list: JsonField): string {
  const [first, ...others] = modulesIn(list);
  if (first?.kind === "Transformer" && others.length === 0) return first.path;
  const kinds = [first, ...others].map((module) => module?.kind ?? "no modules");
  return list.refuse(`a Transformer alone, as a cross-encoder has, not ${kinds.join(" → ")}`);
}

/** How many logits the head gives: transformers counts the names of labels, and takes two where none are there. */
function labelsIn(config: JsonField): number {
  const names = config.field("id2label");
  if (!names.isNull) return names.entries().size;
  const count = config.field("num_labels");
  return count.isNull ? 2 : count.integer(1, 2 ** 20);
}

/** Classes of torch that need not be run to be known. */
const activations: { readonly [path: string]: ScoreActivation } = {
  "torch.nn.modules.activation.Sigmoid": "sigmoid",
  "torch.nn.Sigmoid": "sigmoid",
  "torch.nn.modules.linear.Identity": "identity",
  "torch.nn.Identity": "identity",
};

/** What the files name, today's place before older ones; undefined where they name nothing. */
function activationIn(sentence: JsonField | undefined, config: JsonField): ScoreActivation | undefined {
  const beside = config.field("sentence_transformers");
  const named = [
    sentence?.field("activation_fn"),
    beside.isNull ? undefined : beside.field("activation_fn"),
    config.field("sbert_ce_default_activation_function"),
  ].find((field) => field?.isNull === false);
  if (named === undefined) return undefined;
  const path = named.text();
  const known = Object.hasOwn(activations, path) ? activations[path] : undefined;
  return known ?? named.refuse(`one of ${Object.keys(activations).join(", ")}`);
}

/** Classes of tokenizers that tell no types, as transformers has them. */
const withoutTypes = /^(MPNet|DistilBert|Roberta|XLMRoberta|Camembert)Tokenizer(Fast)?$/;

function usesTypeIds(json: JsonField | undefined): boolean {
  const inputs = json?.field("model_input_names");
  if (inputs?.isNull === false) return inputs.array().some(({ value }) => value === "token_type_ids");
  return !withoutTypes.test(String(json?.field("tokenizer_class").value));
}
