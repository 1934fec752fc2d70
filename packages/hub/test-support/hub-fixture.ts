import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DownloadEvent } from "../src/download-event.ts";
import { type ResolvedModel, type ResolveOptions, resolveModel } from "../src/node/resolve-model.ts";
import { type HubServer, type Repository, type Seen, sha256, startHubServer } from "./hub-server.ts";
import { noise, sentenceModelFiles, shardedFiles, toyCommits, toyFile, toyRepository } from "./toy-repository.ts";

/** The large file of a toy repository. */
export const weights = toyFile("model.safetensors");

/** Whether a request is one for the bytes of those weights. */
export const ofWeights = ({ server, path }: Seen) => server === "cdn" && path.endsWith(sha256(weights));

/** A Hub with toy repositories, an empty cache, and what happened. */
export type HubFixture = {
  readonly folder: string;
  readonly server: HubServer;
  readonly events: DownloadEvent[];
  /** The repository `owner/name`. */
  readonly repository: Repository;
  /** `resolveModel` on that Hub and cache, impatient and without a token. */
  readonly resolve: (name: string, options?: ResolveOptions) => Promise<ResolvedModel>;
  /** A path in the cache's folder of `owner/name`. */
  readonly inCache: (...parts: string[]) => string;
  /** The partial files of `owner/name`. */
  readonly partials: () => Promise<string[]>;
  /** The SHA-256 of the weights in a model's folder. */
  readonly weightsIn: (model: ResolvedModel) => Promise<string>;
  readonly close: () => Promise<void>;
};

/** Starts everything anew, for one test. */
export async function openHubFixture(): Promise<HubFixture> {
  const folder = await mkdtemp(join(tmpdir(), "kindred-hub-"));
  const repository = toyRepository();
  const [, newer] = toyCommits;
  const { "modules.json": _, ...bareFiles } = sentenceModelFiles;
  const otherFiles = { "tf_model.h5": noise(10), "config.json": noise(3) };
  const server = await startHubServer({
    "owner/name": repository,
    "owner/bare": { commits: { [newer]: bareFiles }, refs: { main: newer } },
    "owner/gated": toyRepository({ access: { kind: "gated", token: "hf_right" } }),
    "owner/private": toyRepository({ access: { kind: "private", token: "hf_right" } }),
    "owner/sharded": { commits: { [newer]: shardedFiles(2) }, refs: { main: newer } },
    "owner/huge": { commits: { [newer]: shardedFiles(300) }, refs: { main: newer } },
    "owner/other": { commits: { [newer]: otherFiles }, refs: { main: newer } },
  });
  const events: DownloadEvent[] = [];
  const inCache = (...parts: string[]) => join(folder, "cache", "models--owner--name", ...parts);
  return {
    ...{ folder, server, events, repository, inCache },
    resolve: (name, options) =>
      resolveModel(name, {
        endpoint: server.endpoint,
        cacheDir: join(folder, "cache"),
        token: false,
        onProgress: (event) => events.push(event),
        ...{ attempts: 3, retryDelayMs: 5, idleTimeoutMs: 2000 },
        ...options,
      }),
    partials: async () => (await readdir(inCache("blobs"))).filter((name) => name.endsWith(".incomplete")),
    weightsIn: async (model) => sha256(await readFile(join(model.folder, "model.safetensors"))),
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** The paths of all files below a folder, in order. */
export async function pathsBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .toSorted();
}
