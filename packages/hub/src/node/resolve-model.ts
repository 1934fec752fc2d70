import { stat } from "node:fs/promises";
import { ConfigError } from "@kindred/errors";
import { HubError } from "../hub-error.ts";
import { expectRevision, parseModelId } from "../parse-model-id.ts";
import { cachedSnapshot } from "./cached-snapshot.ts";
import type { DownloadEvent } from "../download-event.ts";
import { downloadSnapshot } from "./download-snapshot.ts";
import type { RequestContext } from "./hub-request.ts";
import { type HubOptions, hubSettings } from "./hub-settings.ts";
import { isCommit, listModel } from "./list-model.ts";
import { type ModelCache, modelCache, readRef, writeRef } from "./model-cache.ts";
import type { RetryPolicy } from "./with-retries.ts";

/** Options of {@link resolveModel}. */
export type ResolveOptions = HubOptions & {
  /** A branch, a tag or a commit, where the id names none. Default: `main`. */
  readonly revision?: string | undefined;
  /** The paths to have, instead of all that a model needs: `["tokenizer.json"]`. */
  readonly files?: readonly string[] | undefined;
  /** Ends the work; what has come is kept, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Told what happens. Nothing is ever printed. */
  readonly onProgress?: ((event: DownloadEvent) => void) | undefined;
  /** Attempts of a request that make no progress, before giving up. Default: 5. */
  readonly attempts?: number | undefined;
  /** The wait before the second attempt, doubled for each further one up to 8 times. Default: 1000. */
  readonly retryDelayMs?: number | undefined;
  /** The longest silence of a server. Default: 30000. */
  readonly idleTimeoutMs?: number | undefined;
};

/** A folder with a model in it; for one of the Hub its id and commit, the run's provenance. */
export type ResolvedModel = {
  readonly folder: string;
  readonly id: string | undefined;
  readonly commit: string | undefined;
};

/**
 * The folder of a model: the folder that is named, or the snapshot of a model of the Hub, downloaded if the cache lacks it.
 *
 * A folder that exists is given back as it is. Else the name is an id, `owner/name` or `owner/name@revision`, and what
 * `selectModelFiles` selects is brought into the Hub's cache, which Python's tools share. A commit that the cache has whole
 * needs no network; a branch or tag is asked for each time, and where the Hub can't be reached the cache's copy is used and a
 * `stale` event says so. Offline, only the cache counts.
 *
 * Every file is checked against its digest before it gets its name. Any number of processes may do this at once, and any may be
 * killed: no reader ever finds half a file, and what has been downloaded is not downloaded again.
 *
 * @param idOrFolder `owner/name[@revision]`, or a path
 * @throws HubError, whose `reason` says what went wrong; ConfigError for what is neither id nor folder, and without
 *   @huggingface/hub; the signal's reason
 *
 * @example
 * ```ts ignore
 * import { resolveModel } from "@kindred/hub/node";
 *
 * const { folder, commit } = await resolveModel("flax-sentence-embeddings/reddit_single-context_mpnet-base", {
 *   onProgress: (event) => event.type === "progress" && console.error(event.bytes / event.totalBytes),
 * });
 * ```
 */
export async function resolveModel(idOrFolder: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  if (await isFolder(idOrFolder)) {
    if (options.revision === undefined) return { folder: idOrFolder, id: undefined, commit: undefined };
    throw new ConfigError(
      `resolveModel: a folder has no revisions. Got ${idOrFolder} and ${options.revision}, expected one of them.`,
      { key: "revision" },
    );
  }
  const { id, revision } = idAndRevision(idOrFolder, options.revision);
  const settings = await hubSettings(options);
  const cache = modelCache(settings.cacheDir, id);
  const given = (commit: string, folder: string): ResolvedModel => ({ folder, id, commit });

  const known = isCommit(revision) ? revision : settings.offline ? await readRef(cache.ref(revision)) : undefined;
  if (known !== undefined) {
    const { folder, missing } = await cachedSnapshot(cache, known, options.files);
    if (missing.length === 0) return given(known, folder);
    if (settings.offline) throw notCached(`${id}@${revision}`, settings.cacheDir, missing);
  }
  if (settings.offline) throw notCached(`${id}@${revision}`, settings.cacheDir, ["the revision"]);

  const { attempts = 5, retryDelayMs = 1000, idleTimeoutMs = 30_000, onProgress = () => {} } = options;
  const context: RequestContext & RetryPolicy = {
    settings,
    subject: { id, revision, endpoint: settings.endpoint },
    signal: options.signal ?? new AbortController().signal,
    ...{ attempts, retryDelayMs, idleTimeoutMs, onProgress },
  };
  try {
    const listing = await listModel(id, revision, context);
    const folder = await downloadSnapshot(listing, options.files, cache, context);
    // Last, so that a ref never leads from a whole snapshot to an unfinished one.
    if (revision !== listing.commit) await writeRef(cache.ref(revision), listing.commit).catch(ignoreReadOnly);
    return given(listing.commit, folder);
  } catch (error) {
    const stale = await staleSnapshot(error, cache, revision, options.files);
    if (stale === undefined) throw error;
    onProgress({ type: "stale", commit: stale.commit, message: (error as Error).message });
    return given(stale.commit, stale.folder);
  }
}

function idAndRevision(text: string, option: string | undefined): { id: string; revision: string } {
  if (/^[./~]|^[A-Za-z]:|\\|\/$|\/.*\//.test(text.split("@")[0] ?? "")) {
    throw new ConfigError(
      `resolveModel: no such folder. Got ${JSON.stringify(text)}, expected a model's folder, or owner/name of a model of the Hub.`,
      { folder: text },
    );
  }
  const { id, revision } = parseModelId(text);
  if (option !== undefined) expectRevision(option);
  if (revision !== undefined && option !== undefined && revision !== option) {
    throw new ConfigError(`resolveModel: two revisions. Got ${text} and ${option}, expected one.`, { key: "revision" });
  }
  return { id, revision: revision ?? option ?? "main" };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (state) => state.isDirectory(),
    () => false,
  );
}

/** What the cache has of a branch or tag, if the Hub could not be reached. */
async function staleSnapshot(error: unknown, cache: ModelCache, revision: string, files?: readonly string[]) {
  if (!(error instanceof HubError) || error.reason !== "connection") return undefined;
  const commit = isCommit(revision) ? undefined : await readRef(cache.ref(revision));
  if (commit === undefined) return undefined;
  const { folder, missing } = await cachedSnapshot(cache, commit, files);
  return missing.length === 0 ? { commit, folder } : undefined;
}

function notCached(model: string, cacheDir: string, missing: readonly string[]): HubError {
  const message = `resolveModel: offline, and the cache does not hold the model. Got ${cacheDir} without ${missing.join(", ")} of ${model}, expected all of it. Run once without --offline and HF_HUB_OFFLINE, or name the model's folder.`;
  return new HubError("offline", message, { model, cacheDir, missing });
}

function ignoreReadOnly(error: NodeJS.ErrnoException): void {
  if (!["EROFS", "EACCES", "EPERM"].includes(error.code ?? "")) throw error;
}
