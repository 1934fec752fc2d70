import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { ConfigError } from "@kindred/errors";

const chunkBytes = 16 * 2 ** 20;

/**
 * Refuses an `XLA_FLAGS` with a flag that a plugin does not know: XLA would end the process with the first program.
 *
 * Names of flags stand in the library as C strings, so those that don't are unknown.
 *
 * @param flags what `XLA_FLAGS` says: flags, or the path of a file of them
 * @param path of the plugin
 * @throws ConfigError with the names
 */
export function checkFlags(flags: string, path: string): void {
  const text = flags.trimStart().startsWith("-") || !existsSync(flags) ? flags : readFileSync(flags, "utf8");
  const names = new Set([...text.matchAll(/(?:^|\s)--?([A-Za-z_]\w*)/g)].flatMap(([, name]) => name ?? []));
  const unknown = names.size === 0 ? [] : missingStrings(path, names);
  if (unknown.length === 0) return;
  throw new ConfigError(
    `openPlugin: XLA_FLAGS holds flags that this plugin does not know, and would end the process for. Got ${unknown.map((name) => `--${name}`).join(", ")}, expected flags of ${path}. Take them out.`,
    { key: "XLA_FLAGS", value: flags, unknown },
  );
}

/** Those of some names that a file does not contain as C strings. */
function missingStrings(path: string, names: ReadonlySet<string>): string[] {
  const wanted = new Map([...names].map((name) => [name, Buffer.from(`${name}\0`)]));
  const overlap = Math.max(...[...wanted.values()].map(({ length }) => length));
  const chunk = Buffer.alloc(chunkBytes);
  const file = openSync(path, "r");
  try {
    for (let at = 0; wanted.size > 0; at += chunkBytes - overlap) {
      const read = readSync(file, chunk, 0, chunkBytes, at);
      const bytes = chunk.subarray(0, read);
      for (const [name, needle] of [...wanted]) if (bytes.includes(needle)) wanted.delete(name);
      if (read < chunkBytes) break;
    }
  } finally {
    closeSync(file);
  }
  return [...wanted.keys()];
}
