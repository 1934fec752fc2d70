import { ConfigError } from "@kindred/errors";
import { type CallOptions, checkCallOptions } from "./call-options.ts";
import { listsOf, type OpenModel, throwOfDimensions } from "./open-model.ts";

/** A provider of the Vercel AI SDK, its interface version 4 (`ProviderV4`), with embedding models and no others. */
export type KindredProvider = {
  readonly specificationVersion: "v4";
  /**
   * The embedding model of a name, opened when it is first used. `options` hold for all its calls; a call's own, its
   * `providerOptions: { kindred: … }`, go before them.
   */
  embeddingModel(modelId: string, options?: CallOptions): KindredEmbeddingModel;
  /** Throws {@link NoSuchModelError}: Kindred has no language models. */
  languageModel(modelId: string): never;
  /** Throws {@link NoSuchModelError}: Kindred has no image models. */
  imageModel(modelId: string): never;
};

/** An embedding model of the Vercel AI SDK (`EmbeddingModelV4`). */
export type KindredEmbeddingModel = {
  readonly specificationVersion: "v4";
  readonly provider: "kindred";
  readonly modelId: string;
  /** None: texts are cut into batches by their tokens, whatever their number, and the longest first. So the more at once, the better. */
  readonly maxEmbeddingsPerCall: undefined;
  /** Calls share the model's threads, and the short ones go before the long ones. */
  readonly supportsParallelCalls: true;
  /**
   * The vectors of `values`, in their order. `headers` have no server to go to.
   *
   * Rejects with ConfigError for an option that does not exist or does not fit, with the error of opening the model, and with the
   * signal's reason.
   */
  doEmbed(call: KindredEmbedCall): Promise<KindredEmbedResult>;
};

/** A call of an embedding model (`EmbeddingModelV4CallOptions`). */
export type KindredEmbedCall = {
  readonly values: readonly string[];
  /** How many numbers of a vector are kept, as `truncateDim`: for models that are trained for it. */
  readonly dimensions?: number | undefined;
  /** Stops in worker threads in the middle of a batch. */
  readonly abortSignal?: AbortSignal | undefined;
  /** Under `kindred`: {@link CallOptions}. Those of other providers are theirs. */
  readonly providerOptions?: { readonly [provider: string]: object } | undefined;
  readonly headers?: object | undefined;
};

/** What a call gives (`EmbeddingModelV4Result`). */
export type KindredEmbedResult = {
  embeddings: number[][];
  /** The tokens that were read, prompts and special ones included. */
  usage: { tokens: number };
  /** `truncated`: which values were longer than the model's limit and lost their end. */
  providerMetadata: { kindred: { truncated: number[] } };
  /** One that says how many lost their end, where some did. */
  warnings: { type: "other"; message: string }[];
};

/**
 * Embedding models for the Vercel AI SDK (`ai` 7): `embed`, `embedMany`, provider registries. `createKindred` of the Node entry is this
 * provider with folders and ids of the Hugging Face Hub for names.
 *
 * The SDK does not say whether a text is a query or a document. A model with prompts for them is told:
 * `embeddingModel(id, { promptName: "query" })`, or with a call `providerOptions: { kindred: { promptName: "query" } }`. Otherwise it uses its
 * default prompt, where it has one.
 *
 * @param open gives a name's encoder
 * @see https://ai-sdk.dev, "Custom providers"
 *
 * @example
 * ```ts ignore
 * import { kindredProvider } from "@kindred/integrations";
 * import { embed } from "ai";
 *
 * const kindred = kindredProvider(async () => encoder); // one that is open: in a browser, say
 * const { embedding } = await embed({ model: kindred.embeddingModel("any name"), value: "A cat sat." });
 * ```
 */
export function kindredProvider(open: OpenModel): KindredProvider {
  return {
    specificationVersion: "v4",
    embeddingModel: (modelId, options = {}) => embeddingModel(open, modelId, options),
    languageModel: (modelId) => refuse(modelId, "languageModel"),
    imageModel: (modelId) => refuse(modelId, "imageModel"),
  };
}

function embeddingModel(open: OpenModel, modelId: string, ofModel: CallOptions): KindredEmbeddingModel {
  checkCallOptions("embeddingModel", ofModel);
  return {
    specificationVersion: "v4",
    provider: "kindred",
    modelId,
    maxEmbeddingsPerCall: undefined,
    supportsParallelCalls: true,
    async doEmbed({ values, dimensions, abortSignal, providerOptions = {} }) {
      abortSignal?.throwIfAborted();
      const ofCall = checkCallOptions("providerOptions.kindred", providerOptions["kindred"] ?? {});
      const encoder = await open(modelId);
      const options = {
        ...ofModel,
        ...ofCall,
        ...(dimensions === undefined ? {} : { truncateDim: dimensions }),
        ...(abortSignal === undefined ? {} : { signal: abortSignal }),
      };
      const encoded = await encoder.encode(values, options).catch((error: unknown) => {
        if (dimensions === undefined) throw error;
        return throwOfDimensions(error, "embed");
      });
      const { truncated, tokenCounts } = encoded;
      const message = `${truncated.length} of ${values.length} values were longer than the model's limit and lost their end.`;
      return {
        embeddings: listsOf(encoded),
        usage: { tokens: tokenCounts.reduce((sum, count) => sum + count, 0) },
        providerMetadata: { kindred: { truncated } },
        warnings: truncated.length === 0 ? [] : [{ type: "other", message }],
      };
    },
  };
}

/**
 * A kind of model that Kindred does not have. The AI SDK takes it for its own: `NoSuchModelError.isInstance` of `@ai-sdk/provider` is true of it.
 *
 * @example
 * ```ts
 * import { kindredProvider, NoSuchModelError } from "@kindred/integrations";
 *
 * const provider = kindredProvider(() => Promise.reject(new Error("none is asked for")));
 * try {
 *   provider.languageModel("my-model");
 * } catch (error) {
 *   if (!(error instanceof NoSuchModelError)) throw error;
 *   [error.modelId, error.modelType]; // => ["my-model", "languageModel"]
 * }
 * ```
 */
export class NoSuchModelError extends ConfigError {
  readonly modelId: string;
  readonly modelType: "languageModel" | "imageModel";

  constructor(modelId: string, modelType: "languageModel" | "imageModel") {
    super(`${modelType}: Kindred has embedding models only. Got ${modelId}. Ask embeddingModel.`, {
      modelId,
      modelType,
    });
    this.modelId = modelId;
    this.modelType = modelType;
    // What the SDK knows its errors by, in whichever copy of it they were made.
    for (const marker of ["vercel.ai.error", "vercel.ai.error.AI_NoSuchModelError"])
      Object.defineProperty(this, Symbol.for(marker), { value: true });
  }
}

function refuse(modelId: string, modelType: "languageModel" | "imageModel"): never {
  throw new NoSuchModelError(modelId, modelType);
}
