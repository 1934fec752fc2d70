import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { type CallOptions, checkCallOptions } from "./call-options.ts";
import { listsOf } from "./open-model.ts";

/** What {@link KindredEmbeddings} are made of: an encoder, and options that hold for all their calls. */
export type KindredEmbeddingsParams = CallOptions & {
  readonly encoder: Pick<SentenceEncoder, "encodeDocument" | "encodeQuery">;
};

/**
 * Embeddings of LangChain.js (`EmbeddingsInterface` of `@langchain/core`), for its vector stores, retrievers and splitters.
 *
 * Documents get the model's prompt `document`, queries its prompt `query`, where it has them and the options name no other. Nothing is sent anywhere, so there is
 * nothing to retry and no number of calls to hold down: calls share the encoder's threads, and a query goes before a long list of
 * documents. `AsyncCaller` and its options are therefore not there.
 *
 * @see https://js.langchain.com, "Embedding models"
 *
 * @example
 * ```ts ignore
 * import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
 * import { KindredEmbeddings } from "@kindred/integrations";
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 *
 * await using encoder = await loadSentenceEncoder("my-model");
 * const store = new MemoryVectorStore(new KindredEmbeddings({ encoder }));
 * ```
 */
export class KindredEmbeddings {
  readonly #encoder: KindredEmbeddingsParams["encoder"];
  readonly #options: CallOptions;

  /** Throws ConfigError for an option that does not exist. */
  constructor({ encoder, ...options }: KindredEmbeddingsParams) {
    this.#encoder = encoder;
    this.#options = checkCallOptions("KindredEmbeddings", options);
  }

  /** The vectors of documents, in their order. Rejects as `encode` does. */
  async embedDocuments(documents: readonly string[], options: EmbedOptions = {}): Promise<number[][]> {
    return listsOf(await this.#encoder.encodeDocument(documents, this.#with(options)));
  }

  /** The vector of a query. Rejects as `encode` does. */
  async embedQuery(query: string, options: EmbedOptions = {}): Promise<number[]> {
    const { embeddings } = await this.#encoder.encodeQuery(query, this.#with(options));
    return Array.from(embeddings);
  }

  #with({ signal }: EmbedOptions): CallOptions & { readonly signal?: AbortSignal } {
    return signal === undefined ? this.#options : { ...this.#options, signal };
  }
}

/** What a call of {@link KindredEmbeddings} may be told; LangChain itself tells nothing. */
export type EmbedOptions = {
  /** Stops in worker threads in the middle of a batch. */
  readonly signal?: AbortSignal | undefined;
};
