import { ConfigError, nearestName } from "@kindred/errors";
import type { EncodeOptions, TextInput } from "@kindred/sentence-encoder";
import { vectorBase64 } from "@kindred/vectors";
import { listsOf, type OpenModel, throwOfDimensions } from "./open-model.ts";

/** What `embeddings.create` takes, as OpenAI's client does (`EmbeddingCreateParams`). */
export type OpenAiRequest = {
  /** A text, the ids of its tokens in the model's own vocabulary (not in OpenAI's), or a list of either. */
  readonly input: string | readonly string[] | readonly number[] | readonly (readonly number[])[];
  /** The name of a model. */
  readonly model: string;
  /** `"float"`, the default, gives lists of numbers; `"base64"` texts of little-endian float32. */
  readonly encoding_format?: "float" | "base64" | undefined;
  /** How many numbers of a vector are kept, as `truncateDim`: for models that are trained for it. */
  readonly dimensions?: number | undefined;
  /** The model's prompt of this name is put in front of every text: `"query"`, `"document"`, …; OpenAI has none. */
  readonly prompt_name?: string | undefined;
  /** Whom it is for; OpenAI watches for abuse by it. Nothing here depends on it. */
  readonly user?: string | undefined;
};

/** What `embeddings.create` gives, as OpenAI's client does (`CreateEmbeddingResponse`). */
export type OpenAiResponse<Vector extends number[] | string = number[]> = {
  object: "list";
  model: string;
  /** In the order of the inputs. */
  data: { object: "embedding"; index: number; embedding: Vector }[];
  /** The tokens that were read, prompts and special ones included. */
  usage: { prompt_tokens: number; total_tokens: number };
};

/** The part of OpenAI's client that makes embeddings. */
export type OpenAiClient = {
  readonly embeddings: {
    /**
     * The vectors of texts.
     *
     * Rejects with ConfigError for what the request may not hold, with the error of opening the model, and with the signal's reason.
     */
    create(
      request: OpenAiRequest & { readonly encoding_format: "base64" },
      options?: OpenAiCallOptions,
    ): Promise<OpenAiResponse<string>>;
    /** The same, as lists of numbers. */
    create(
      request: OpenAiRequest & { readonly encoding_format?: "float" | undefined },
      options?: OpenAiCallOptions,
    ): Promise<OpenAiResponse>;
  };
};

/** What a call may be told beside its request. What OpenAI's client knows of HTTP, retries and headers, has nothing to act on here. */
export type OpenAiCallOptions = {
  /** Stops in worker threads in the middle of a batch. */
  readonly signal?: AbortSignal | null | undefined;
};

/**
 * A client in the form of OpenAI's `openai`, without a server: code that calls `client.embeddings.create` runs on a model in this process.
 *
 * @param open gives a name's encoder; `modelShelf` of the Node entry opens folders and ids of the Hugging Face Hub
 * @see https://platform.openai.com/docs/api-reference/embeddings
 *
 * @example
 * ```ts ignore
 * import { openAiClient } from "@kindred/integrations";
 * import { modelShelf } from "@kindred/integrations/node";
 *
 * await using models = modelShelf();
 * const client = openAiClient(models.open);
 * const { data } = await client.embeddings.create({ model: "my-model", input: ["A cat sat.", "A dog barked."] });
 * ```
 */
export function openAiClient(open: OpenModel): OpenAiClient {
  const create = async (
    request: OpenAiRequest,
    { signal }: OpenAiCallOptions = {},
  ): Promise<OpenAiResponse<number[] | string>> => {
    signal?.throwIfAborted();
    const { model, encoding_format = "float" } = request;
    const [texts, options] = [textsOf(request), optionsOf(request)];
    const encoder = await open(model);
    const encoded = await encoder
      .encode(texts, { ...options, ...(signal == null ? {} : { signal }) })
      .catch((error: unknown) => throwOfDimensions(error, "embeddings.create"));
    const { embeddings, dimension, tokenCounts } = encoded;
    const vectors =
      encoding_format === "float"
        ? listsOf(encoded)
        : texts.map((_, i) => vectorBase64(embeddings.subarray(i * dimension, (i + 1) * dimension)));
    const tokens = tokenCounts.reduce((sum, count) => sum + count, 0);
    return {
      object: "list",
      model,
      data: vectors.map((embedding, index) => ({ object: "embedding", index, embedding })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    };
  };
  return { embeddings: { create: create as OpenAiClient["embeddings"]["create"] } }; // the kind of vector follows from encoding_format
}

const keys: readonly (keyof OpenAiRequest)[] = [
  "input",
  "model",
  "encoding_format",
  "dimensions",
  "prompt_name",
  "user",
];

/** The options of `encode` that a request means. */
function optionsOf(request: OpenAiRequest): EncodeOptions {
  for (const key of Object.keys(request)) {
    if ((keys as readonly string[]).includes(key)) continue;
    throw refusal(key, "is no such key", nearestName(key, keys) ?? keys.join(", "));
  }
  const { model, encoding_format, dimensions, prompt_name } = request;
  if (typeof model !== "string" || model === "") throw refusal("model", `is ${shown(model)}`, "the name of a model");
  if (encoding_format !== undefined && encoding_format !== "float" && encoding_format !== "base64")
    throw refusal("encoding_format", `is ${shown(encoding_format)}`, "float or base64");
  if (dimensions !== undefined && (!Number.isInteger(dimensions) || dimensions < 1))
    throw refusal(
      "dimensions",
      `is ${shown(dimensions)}`,
      "a whole number from 1 to the length of the model's vectors",
    );
  return {
    ...(dimensions === undefined ? {} : { truncateDim: dimensions }),
    ...(prompt_name === undefined ? {} : { promptName: prompt_name }),
  };
}

function textsOf({ input }: OpenAiRequest): readonly TextInput[] {
  const isIds = (value: unknown): value is readonly number[] =>
    Array.isArray(value) && value.length > 0 && value.every((id) => Number.isInteger(id) && id >= 0);
  const list: readonly unknown[] = Array.isArray(input) && !isIds(input) ? input : [input];
  if (list.length === 0) throw refusal("input", "is an empty list", "a text or a list of texts");
  return list.map((text, i) => {
    if (typeof text === "string" || isIds(text)) return text;
    throw refusal(Array.isArray(input) ? `input[${i}]` : "input", `is ${shown(text)}`, "a text, or ids of its tokens");
  });
}

function refusal(param: string, got: string, expected: string): ConfigError {
  return new ConfigError(`embeddings.create: ${param} ${got}. Expected ${expected}.`, { param });
}

const shown = (value: unknown) => JSON.stringify(value) ?? typeof value;
