import { ConfigError } from "@kindred/errors";
import { modelFolder, type ModelFolderOptions } from "@kindred/hub/node";
import type { SentenceEncoder } from "@kindred/sentence-encoder";
import { type LoadOptions, loadSentenceEncoder } from "@kindred/sentence-encoder/node";

/** How models are brought and run. */
export type ModelShelfOptions = LoadOptions & {
  /** Take models of the Hub from the cache only. Default: false. */
  readonly offline?: boolean;
  /** Where the progress of a download is written for people: `process.stderr`. Default: nowhere. */
  readonly sink?: NonNullable<ModelFolderOptions["sink"]>;
};

/** Models by name, each opened once. */
export type ModelShelf = {
  /**
   * The encoder of a folder, or of a model of the Hugging Face Hub (`owner/name[@revision]`; needs `@huggingface/hub`). What failed to open is
   * tried anew when it is next asked for. It needs no `this`: hand it on as it is.
   */
  readonly open: (model: string) => Promise<SentenceEncoder>;
  /** Frees the weights and threads of all. */
  readonly close: () => Promise<void>;
  /** As `close`, for `await using`. */
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/**
 * A shelf of models: where a model is asked for by its name, in every call, it is there and open.
 *
 * Idle models keep no process alive, so a shelf need not be closed at a program's end; it does hold their memory.
 *
 * `open` rejects as `loadSentenceEncoder` does, with HubError for what is neither folder nor model, and with ConfigError once the shelf is closed.
 *
 * @example
 * ```ts ignore
 * import { modelShelf } from "@kindred/integrations/node";
 *
 * await using models = modelShelf({ cores: 2 });
 * const encoder = await models.open("sentence-transformers/all-MiniLM-L6-v2");
 * (await models.open("sentence-transformers/all-MiniLM-L6-v2")) === encoder; // => true
 * ```
 */
export function modelShelf({ offline = false, sink, ...load }: ModelShelfOptions = {}): ModelShelf {
  const opened = new Map<string, Promise<SentenceEncoder>>();
  let closed = false;
  const bring = async (model: string) => {
    const folder = await modelFolder(model, { offline, ...(sink === undefined ? {} : { sink }) });
    return loadSentenceEncoder(folder, load);
  };
  const open = async (model: string): Promise<SentenceEncoder> => {
    if (closed) throw new ConfigError(`modelShelf: it is closed. Got ${model}. Open another shelf.`, { model });
    const there = opened.get(model) ?? bring(model);
    opened.set(model, there);
    return there.catch((error: unknown) => {
      if (opened.get(model) === there) opened.delete(model);
      throw error;
    });
  };
  const close = async () => {
    closed = true;
    const encoders = await Promise.allSettled(opened.values());
    opened.clear();
    await Promise.all(encoders.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  };
  return { open, close, [Symbol.asyncDispose]: close };
}
