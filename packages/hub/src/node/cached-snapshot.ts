import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isIndex, listedModules, modelPaths, shardPaths } from "@kindred/model-folder";
import type { ModelCache } from "./model-cache.ts";

/** A commit in the cache, and what it lacks to be whole. */
export type CachedSnapshot = { readonly folder: string; readonly missing: readonly string[] };

/**
 * What the cache has of a commit, found without the network, whoever wrote it.
 *
 * A snapshot without modules.json is taken for a bare transformer only where the cache knows that the commit has none, which
 * Kindred, sentence-transformers and huggingface_hub's snapshots record: other programs fetch the transformer alone, and the
 * model would lose its pooling.
 *
 * @param files the paths that are wanted; default: those of a model
 */
export async function cachedSnapshot(
  cache: ModelCache,
  commit: string,
  files?: readonly string[],
): Promise<CachedSnapshot> {
  const folder = cache.snapshot(commit);
  const has = (path: string) => existsSync(join(folder, path));
  if (files !== undefined) return { folder, missing: files.filter((path) => !has(path)) };
  if (!has("modules.json") && !(await isKnownAbsent(cache, commit, "modules.json"))) {
    return { folder, missing: ["modules.json, or the knowledge that the model has none"] };
  }
  const text = has("modules.json") ? await readFile(join(folder, "modules.json"), "utf8") : undefined;
  const paths = modelPaths(listedModules(text, { file: join(folder, "modules.json") }), has);
  const indexes = await Promise.all(
    paths.weights.filter(isIndex).map(async (path) => shardsIn(path, await readFile(join(folder, path), "utf8"))),
  );
  return { folder, missing: [...paths.missing, ...indexes.flat().filter((path) => !has(path))] };
}

async function isKnownAbsent(cache: ModelCache, commit: string, path: string): Promise<boolean> {
  if (existsSync(cache.absence(commit, path))) return true;
  try {
    const { files } = JSON.parse(await readFile(cache.tree(commit), "utf8")) as { files: Record<string, unknown> };
    return !Object.hasOwn(files, path);
  } catch {
    return false;
  }
}

/** The files that an index names. A broken one names none: whoever reads the weights says what is wrong with it. */
function shardsIn(path: string, text: string): string[] {
  try {
    return shardPaths(path, text);
  } catch {
    return [];
  }
}
