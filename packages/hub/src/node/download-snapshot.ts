import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isIndex, listedModules, shardPaths } from "@kindred/model-folder";
import { HubError } from "../hub-error.ts";
import type { ModelFile } from "../model-file.ts";
import { selectModelFiles } from "../select-model-files.ts";
import { diskError, expectRoom } from "./disk-error.ts";
import { downloadBlob, hasSize } from "./download-blob.ts";
import type { RequestContext } from "./hub-request.ts";
import { linkFile } from "./link-file.ts";
import type { ModelListing } from "./list-model.ts";
import type { ModelCache } from "./model-cache.ts";
import { trackProgress } from "./track-progress.ts";
import type { RetryPolicy } from "./with-retries.ts";

/** Settings that are downloaded at the same time. Weights come one after another: one fills the network. */
const streams = 4;
const weights = /\.(safetensors|bin)$/;

/**
 * Downloads what the cache lacks of a commit; the snapshot's folder.
 *
 * Weights come last, so a snapshot with weights has everything.
 *
 * @param wanted the paths to have; default: those of a model
 * @throws HubError; the signal's reason
 */
export async function downloadSnapshot(
  { commit, files }: ModelListing,
  wanted: readonly string[] | undefined,
  cache: ModelCache,
  context: RequestContext & RetryPolicy,
): Promise<string> {
  const folder = cache.snapshot(commit);
  const fetchFile = async (file: ModelFile, onBytes: (bytes: number) => void) => {
    if (await hasSize(join(folder, file.path), file.bytes)) return onBytes(file.bytes);
    const blob = await downloadBlob(file, commit, cache, { ...context, onBytes });
    await linkFile(blob, join(folder, file.path)).catch((error) => {
      throw diskError(error, folder);
    });
  };

  const readText = async (file: ModelFile) => {
    await fetchFile(file, () => {});
    return readFile(join(folder, file.path), "utf8");
  };
  if (!files.some(({ path }) => path === "modules.json")) await recordAbsence(cache.absence(commit, "modules.json"));
  const chosen = wanted === undefined ? await modelFiles(files, readText, context) : namedFiles(files, wanted, context);

  const cached = await Promise.all(chosen.map((file) => hasSize(join(folder, file.path), file.bytes)));
  const cachedBytes = sum(chosen.filter((_, index) => cached[index]));
  const totalBytes = sum(chosen);
  context.onProgress({ type: "plan", id: context.subject.id, commit, files: chosen.length, totalBytes, cachedBytes });
  const lacking = chosen.filter((_, index) => !cached[index]);
  if (lacking.length === 0) return folder;
  await mkdir(cache.blobs, { recursive: true });
  await expectRoom(cache.blobs, await bytesToCome(lacking, cache));

  const track = trackProgress({ totalBytes, cachedBytes }, context.onProgress);
  const fetchTracked = (file: ModelFile) => fetchFile(file, (bytes) => track(file, bytes));
  await inStreams(
    lacking.filter(({ path }) => !weights.test(path)),
    streams,
    fetchTracked,
  );
  await inStreams(
    lacking.filter(({ path }) => weights.test(path)),
    1,
    fetchTracked,
  );
  return folder;
}

/** The files of a model, the last of which are weights; what says which they are is had at once. */
async function modelFiles(
  files: readonly ModelFile[],
  readText: (file: ModelFile) => Promise<string>,
  context: RequestContext,
): Promise<ModelFile[]> {
  const { subject } = context;
  const list = files.find(({ path }) => path === "modules.json");
  const modules = listedModules(list === undefined ? undefined : await readText(list));
  const { settings, weights, missing } = selectModelFiles(files, modules);
  if (missing.length > 0) {
    const message = `resolveModel: the repository holds no model that Kindred can read. Got ${files.length} files of ${subject.id}@${subject.revision} without ${missing.join(", ")}, expected a sentence-transformers or transformers model. Choose another model.`;
    throw new HubError("not-a-model", message, { ...subject, missing });
  }
  const shards: string[] = [];
  for (const file of settings) if (isIndex(file.path)) shards.push(...shardPaths(file.path, await readText(file)));
  return [...settings, ...weights, ...namedFiles(files, shards, context)];
}

function namedFiles(files: readonly ModelFile[], wanted: readonly string[], { subject }: RequestContext): ModelFile[] {
  return wanted.map((path) => {
    const file = files.find((candidate) => candidate.path === path);
    if (file !== undefined) return file;
    const message = `resolveModel: the model has no such file. Got ${path}, expected one of the ${files.length} files of ${subject.id}@${subject.revision}.`;
    throw new HubError("file-not-found", message, { ...subject, file: path });
  });
}

/** Lets the cache know that a commit has no such file; without that, nobody offline can tell it from an unfinished download. */
async function recordAbsence(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
    .then(() => writeFile(path, ""))
    .catch(() => {}); // a cache that can't be written to
}

async function bytesToCome(files: readonly ModelFile[], cache: ModelCache): Promise<number> {
  const blobs = new Map(files.map((file) => [file.digest.hex, file]));
  const toCome = [];
  for (const [hex, file] of blobs) if (!(await hasSize(join(cache.blobs, hex), file.bytes))) toCome.push(file);
  return sum(toCome);
}

/** Runs a task for each item, so many at a time, in order. The first failure ends it when the running tasks have ended. */
async function inStreams<T>(items: readonly T[], count: number, run: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await run(item).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
  if (failures.length > 0) throw failures[0];
}

function sum(files: readonly ModelFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
