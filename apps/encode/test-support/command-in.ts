import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { saveModelFolder } from "@kindred/model-folder/node";
import { toySaved } from "../../../packages/sentence-encoder/test-support/toy-model.ts";

/** The command as a user types it: the committed bin, which runs what is built. */
export const bin = fileURLToPath(new URL("../bin/kindred-encode.mjs", import.meta.url));

export const texts = ["the cat sat on the mat.", "a dog", "", "cats \u2028 sat"];

/** A new folder with a toy `model`, and with texts as `texts.txt`, `rows.jsonl.gz` and, one of them, `in.jsonl`. */
export async function toyFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "kindred-encode-"));
  await saveModelFolder(join(folder, "model"), toySaved());
  writeFileSync(join(folder, "texts.txt"), `${texts.join("\n")}\n`);
  writeFileSync(join(folder, "in.jsonl"), '{"text": "cat"}\n');
  writeFileSync(
    join(folder, "rows.jsonl.gz"),
    gzipSync(texts.map((text, i) => `${JSON.stringify(i % 2 === 0 ? { id: i, text } : text)}\n`).join("")),
  );
  return folder;
}

/** Runs the command in a folder, on the Node of the tests, which `npm test -- --own-node` chooses. */
export function commandIn(folder: string, args: readonly string[]) {
  const command = [bin, "--own-node", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: "utf8" });
  return { code: status, stdout, stderr };
}
