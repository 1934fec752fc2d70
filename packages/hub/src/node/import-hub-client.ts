import { ConfigError } from "@kindred/errors";

/** What is used of @huggingface/hub: which commit a revision is, and which files it has. */
export type HubClient = Pick<typeof import("@huggingface/hub"), "modelInfo" | "listFiles">;

/**
 * The client of the Hub's interface, loaded when a download needs it.
 *
 * @param load replaced in tests
 * @throws ConfigError if the optional package is not installed
 */
export async function importHubClient(load = (): Promise<HubClient> => import("@huggingface/hub")): Promise<HubClient> {
  try {
    return await load();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes("@huggingface/hub")) throw cause;
    throw new ConfigError(
      "resolveModel: downloads need a package that is not installed. Got none, expected @huggingface/hub. Run `npm install @huggingface/hub`, name a folder instead of an id, or go offline if the model is in the cache.",
      { package: "@huggingface/hub" },
      { cause },
    );
  }
}
