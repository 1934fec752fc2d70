import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { ConfigError } from "@kindred/errors";
import type { ProgramIdentity } from "@kindred/run-folder/node";
import type { ProgramSource } from "@kindred/trainer";

/** A program by the name and the text of its file, or of the function; not of what that imports. */
export async function identityOf(program: ProgramSource): Promise<ProgramIdentity> {
  const sha256 = (text: string | Uint8Array) => createHash("sha256").update(text).digest("hex");
  if (typeof program === "function") return { name: program.name || "a function", sha256: sha256(String(program)) };
  const name = decodeURIComponent(basename(program.pathname));
  try {
    const isFile = program.protocol === "file:";
    const bytes = isFile ? await readFile(program) : new Uint8Array(await (await fetch(program)).arrayBuffer());
    return { name, sha256: sha256(bytes) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `train: the program cannot be read: ${reason}. Got ${program.href}.`,
      { program: name },
      { cause },
    );
  }
}
