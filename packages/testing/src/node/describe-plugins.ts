import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "vitest";
import { repositoryRoot } from "./shared-path.ts";

/** A PJRT plugin for tests: XLA for CPUs. */
export type TestedPlugin = {
  /** `lammps` (newer) or `xla-cpu` (older). */
  readonly name: string;
  /** Its library. Empty where it is missing, and the tests are only counted as skipped. */
  readonly path: string;
  /** The C header that came with it. */
  readonly header?: string;
};

/**
 * The same tests on each of the two CPU plugins, which are fetched into the user's cache when they are not there.
 *
 * Where they can't be had (no Python, no pip, no index; another system than Linux on x64), the tests are skipped, or with
 * `REQUIRE_PJRT=1` fail. So open plugins in `beforeAll` or in tests, not while tests are collected.
 */
export function describePlugins(title: string, body: (plugin: TestedPlugin) => void): void {
  const { plugins, why } = pluginsForTests();
  for (const name of ["lammps", "xla-cpu"]) {
    const plugin = plugins.find((found) => found.name === name);
    if (plugin !== undefined) describe(`${title} (${name})`, () => body(plugin));
    else if (process.env["REQUIRE_PJRT"] === "1")
      test(`${title} (${name})`, () => {
        throw new Error(
          `describePlugins: the plugin ${name} is missing, and REQUIRE_PJRT=1 says that it must not be: ${why}.`,
        );
      });
    else describe.skip(`${title} (${name}; skipped: ${why})`, () => body({ name, path: "" }));
  }
}

type Found = { readonly plugins: readonly TestedPlugin[]; readonly why?: string };
let found: Found | undefined;

/** Fetches and lists them, once in each process of tests. */
function pluginsForTests(): Found {
  if (found !== undefined) return found;
  const tool = join(repositoryRoot(), "tools", "xla", "fetch-plugins.mjs");
  const listed: Found = JSON.parse(execFileSync(process.execPath, [tool, "--json"], { encoding: "utf8" }));
  found = listed;
  return listed;
}
