import { readFileSync } from "node:fs";

/**
 * The version in a `package.json`.
 *
 * @example
 * ```ts ignore
 * import { packageVersion } from "@kindred/command-line/node";
 *
 * packageVersion(new URL("../package.json", import.meta.url)); // "0.1.0"
 * ```
 */
export function packageVersion(manifest: URL): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
}
