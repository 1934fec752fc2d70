import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { modelPaths, shardPaths } from "../model-paths.ts";
import { listedModules, modulesFile } from "../read-model-folder.ts";

/**
 * SHA-256, in hex, of the files that a model's vectors depend on: those that its modules name, weights among them, each with its path. The model card is
 * not one. A gigabyte takes about a second.
 *
 * @throws FormatError for a `modules.json` that is none
 *
 * @example
 * ```ts ignore
 * import { modelFingerprint } from "@kindred/model-folder/node";
 *
 * (await modelFingerprint("all-mpnet-base-v2")).length; // => 64
 * ```
 */
export async function modelFingerprint(folder: string): Promise<string> {
  const list = await readFile(join(folder, modulesFile)).catch(() => undefined);
  const { settings, weights } = modelPaths(listedModules(list), (path) => existsSync(join(folder, path)));
  const paths = settings.filter((path) => path !== "README.md");
  for (const path of weights) {
    paths.push(path);
    if (path.endsWith(".json")) paths.push(...shardPaths(path, await readFile(join(folder, path), "utf8")));
  }
  const hash = createHash("sha256");
  for (const path of paths.toSorted()) {
    hash.update(`${path}\0`);
    const file = createHash("sha256");
    for await (const chunk of createReadStream(join(folder, path), { highWaterMark: 2 ** 20 }))
      file.update(chunk as Buffer);
    hash.update(file.digest());
  }
  return hash.digest("hex");
}
