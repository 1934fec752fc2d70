// What @kindred/integrations gives is what these libraries' own types ask for, and takes what they give. Compiled by
// ../integrations.test.mjs, never run.
import type { EmbeddingModelV4, EmbeddingModelV4CallOptions, ProviderV4 } from "@ai-sdk/provider";
import { KindredEmbeddings, kindredProvider, openAiClient, type OpenModel } from "@kindred/integrations";
import { kindred } from "@kindred/integrations/node";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import type { EmbeddingModel } from "ai";
import type OpenAI from "openai";
import type { CreateEmbeddingResponse, EmbeddingCreateParams } from "openai/resources/embeddings";

declare const open: OpenModel;
declare const encoder: ConstructorParameters<typeof KindredEmbeddings>[0]["encoder"];

export const providers: ProviderV4[] = [kindredProvider(open), kindred];
export const model: EmbeddingModelV4 & EmbeddingModel = kindred.embeddingModel("my-model", { promptName: "query" });
export const embeddings: EmbeddingsInterface = new KindredEmbeddings({ encoder, truncateDim: 64 });

declare const call: EmbeddingModelV4CallOptions;
export const result: ReturnType<EmbeddingModelV4["doEmbed"]> = kindredProvider(open).embeddingModel("a").doEmbed(call);

declare const request: EmbeddingCreateParams & { encoding_format?: "float" };
const { create } = openAiClient(open).embeddings;
export const response: Promise<CreateEmbeddingResponse> = create(request, { signal: new AbortController().signal });
/** Code that asks for no more than the vectors takes either client. */
declare function index(client: {
  embeddings: { create(request: { model: string; input: string[] }): PromiseLike<CreateEmbeddingResponse> };
}): void;
declare const official: OpenAI;
index(official);
index(openAiClient(open));

// Mutants: each of these would compile if the types above were any.
// @ts-expect-error: the vectors of base64 are texts
export const floats: Promise<CreateEmbeddingResponse> = create({ model: "a", input: "a", encoding_format: "base64" });
// @ts-expect-error: another version of the interface
export const older: { specificationVersion: "v3" } = kindred.embeddingModel("a");
// @ts-expect-error: no such option
kindred.embeddingModel("a", { promptname: "query" });
