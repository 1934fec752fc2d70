import { type KindredProvider, kindredProvider } from "../ai-sdk.ts";
import { type ModelShelf, modelShelf, type ModelShelfOptions } from "./model-shelf.ts";

/** A provider whose models are folders and ids of the Hugging Face Hub; it holds those that were used until it is closed. */
export type LocalProvider = KindredProvider & Pick<ModelShelf, "close" | typeof Symbol.asyncDispose>;

/**
 * A provider of the Vercel AI SDK with settings of its own: on how many threads its models run, on which engine, whether the network may be
 * asked.
 *
 * @example
 * ```ts ignore
 * import { createKindred } from "@kindred/integrations/node";
 *
 * await using kindred = createKindred({ cores: 4, offline: true });
 * const model = kindred.embeddingModel("my-run/model", { promptName: "document" });
 * ```
 */
export function createKindred(options: ModelShelfOptions = {}): LocalProvider {
  const { open, close } = modelShelf(options);
  return { ...kindredProvider(open), close, [Symbol.asyncDispose]: close };
}

/** The provider with every setting at its default: `kindred.embeddingModel("folder or id")`. */
export const kindred: LocalProvider = createKindred();
