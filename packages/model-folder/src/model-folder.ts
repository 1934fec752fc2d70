import type { NamedTensor, TensorSummary } from "@kindred/tensor-files";
import type { Tokenizer } from "@kindred/tokenizer";
import type { Similarity } from "@kindred/vectors";

/** A JSON object as parsed, its keys unknown. */
export type JsonObject = { readonly [key: string]: unknown };

/**
 * The modules of sentence-transformers that a folder may chain. Dropout does nothing where texts are encoded. A StaticEmbedding is a table of
 * words and the mean of a text's rows: here a module with the table, and a mean pooling behind it.
 */
export const moduleKinds = ["Transformer", "StaticEmbedding", "Pooling", "Dense", "Normalize", "Dropout"] as const;

/** A kind of module, by its class in sentence-transformers. */
export type ModuleKind = (typeof moduleKinds)[number];

/** Tensors by name, in memory or in open files: what each is, and its elements when they are asked for. */
export type StoredTensors = {
  /** What errors call the place: a weights file, or the index of several. */
  readonly file: string;
  /** What each tensor is, in the order in which to read them all. */
  readonly tensors: ReadonlyMap<string, TensorSummary>;
  /** Reads one of them. From a folder into a buffer of its own, so that no more than one is held. */
  readonly read: (name: string) => Promise<NamedTensor>;
  /** The same piece by piece in a buffer, where it can be done: {@link tensorPieces}. */
  readonly pieces?: (name: string, buffer: Uint8Array) => AsyncIterable<NamedTensor>;
  /** Closes the files. */
  readonly close: () => Promise<void>;
};

/** The files of a model folder: bytes by path relative to the folder, with `/` between names (`1_Pooling/config.json`). */
export type ModelFiles = { readonly [path: string]: Uint8Array };

/** Where a model's files lie: in memory, or in a folder. Paths are relative to the model's, with `/` between names. */
export type FileSource = {
  /** The bytes of a settings file; undefined if there is none of this path. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  /** Opens a `.safetensors` or `.bin` file; undefined if there is none of this path. */
  readonly openTensors: (path: string) => Promise<StoredTensors | undefined>;
  /** What errors call a file. */
  readonly nameOf: (path: string) => string;
};

/** One module of a model. */
export type ModelModule = {
  readonly kind: ModuleKind;
  /** Its folder within the model's, `1_Pooling`; "" is the model's own. */
  readonly path: string;
  /** Its `config.json` as it stands, empty where it has none. Nobody here knows what a family's keys mean. */
  readonly config: JsonObject;
  /** What errors call that file. */
  readonly file: string;
  /**
   * Opens its weights, `model.safetensors` or what else there is; none for a module without any. The caller closes
   * them. Rejects with FormatError where a module that needs weights has none.
   */
  readonly openWeights: () => Promise<StoredTensors>;
};

/** What a folder says beside its modules. */
export type ModelSettings = {
  /** The most tokens of a text that the files name, special ones included: undefined where they name none. The model may have fewer positions. */
  readonly maxSeqLength: number | undefined;
  /** Whether `sentence_bert_config.json` asks to lower-case texts, which the tokenizer then does. */
  readonly doLowerCase: boolean;
  /** How vectors of this model are compared. */
  readonly similarityFunction: Similarity;
  /** Texts by name to put in front of an input. */
  readonly prompts: { readonly [name: string]: string };
  /** The prompt of an input for which none is named. */
  readonly defaultPromptName: string | undefined;
  /** Where the folder says so, vectors are cut to this many features. */
  readonly truncateDim: number | undefined;
  /**
   * How many features vectors of this model may be cut to, as `config.json` says (`matryoshka_dimensions`, or `is_matryoshka` for any number):
   * what it was trained for. Undefined where it says nothing.
   */
  readonly matryoshkaDimensions: readonly number[] | "any" | undefined;
};

/**
 * A sentence-transformers model as its folder tells it, read once: what all who need something of it are given, and what a
 * new one is written from.
 */
export type ModelFolder = {
  /** The chain that a text goes through: a transformer or a static embedding, a pooling, and any Dense, Normalize and Dropout in any order. */
  readonly modules: readonly [transformer: ModelModule, pooling: ModelModule, ...after: ModelModule[]];
  /** The folder's tokenizer, its lower-casing included. Made when it is first asked for, and then kept. */
  readonly tokenizer: Tokenizer;
  /** The file that the tokenizer's vocabulary is read from, relative to the folder. */
  readonly tokenizerFile: string;
  readonly settings: ModelSettings;
  /** Versions of the libraries that wrote the folder, by name. */
  readonly writtenWith: { readonly [library: string]: string };
};

/**
 * The settings of a new model: what is not said has sentence-transformers' default.
 *
 * @example
 * ```ts
 * import { newSettings } from "@kindred/model-folder";
 *
 * newSettings({ maxSeqLength: 128 }).similarityFunction; // => "cosine"
 * ```
 */
export function newSettings(settings: Partial<ModelSettings> = {}): ModelSettings {
  return {
    maxSeqLength: undefined,
    doLowerCase: false,
    similarityFunction: "cosine",
    prompts: {},
    defaultPromptName: undefined,
    truncateDim: undefined,
    matryoshkaDimensions: undefined,
    ...settings,
  };
}
