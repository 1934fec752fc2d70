import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";

/**
 * The run in `folder` that was begun last.
 *
 * @throws ConfigError if there is none.
 *
 * @example
 * ```ts ignore
 * import { newestRun } from "@kindred/run-folder/node";
 *
 * await newestRun("runs"); // "runs/quickstart-2026-01-31T12-00-00", say
 * ```
 */
export async function newestRun(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const runs = await Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async ({ name }) => {
        const path = join(folder, name);
        const begun = await stat(join(path, "run.json")).catch(() => undefined);
        return { path, begun: begun?.mtimeMs };
      }),
  );
  const newest = runs.reduce(
    (latest, run) => ((run.begun ?? 0) > (latest?.begun ?? 0) ? run : latest),
    undefined as (typeof runs)[number] | undefined,
  );
  if (newest !== undefined) return newest.path;
  throw new ConfigError(`train: no run to go on with in ${folder}/. Name its folder: --resume RUN.`, { folder });
}
