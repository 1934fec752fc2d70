import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeLeftovers, writeFileAtomic, writeFolderAtomic } from "./index.ts";
import { temporarySibling } from "./write-file-atomic.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-leftovers-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process's number that no process has any longer. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;

/** A name as a process that was killed has left it. */
function leftover(target: string, kind: "tmp" | "old" = "tmp"): string {
  return temporarySibling(join(folder, target), kind).replace(`-${process.pid}-`, `-${gone}-`);
}

test("what a killed process left in a folder is gone with the next file or folder written there, whatever its name", async () => {
  writeFileSync(leftover("run.json"), "{");
  mkdirSync(leftover("checkpoint-500"));
  await writeFileAtomic(join(folder, "events.jsonl"), "");
  expect(readdirSync(folder)).toEqual(["events.jsonl"]);
  writeFileSync(leftover("a"), "");
  await writeFolderAtomic(join(folder, "model"), async () => {});
  expect(readdirSync(folder)).toEqual(["events.jsonl", "model"]);
});

test("what live processes write, others' machines and other programs have left stays", async () => {
  const own = temporarySibling(join(folder, "a"));
  const parents = own.replace(`-${process.pid}-`, `-${process.ppid}-`);
  const elsewhere = leftover("a").replace(/\.[0-9a-f]{8}-/, ".00000000-");
  const names = [own, parents, elsewhere, join(folder, ".a.tmp"), join(folder, ".a.0123456789ab.tmp")];
  for (const name of names) writeFileSync(name, "");
  await removeLeftovers(folder);
  expect(readdirSync(folder).sort()).toEqual(names.map((name) => basename(name)).sort());
  // In a container a new process may have the old one's number.
  utimesSync(own, 0, 0);
  await removeLeftovers(folder);
  expect(readdirSync(folder)).not.toContain(basename(own));
});

test("a folder that was being replaced is put back, but not over the new one", async () => {
  await writeFolderAtomic(join(folder, "model"), async (model) => writeFileSync(join(model, "config.json"), "old"));
  const aside = leftover("model", "old");
  renameSync(join(folder, "model"), aside);
  await removeLeftovers(folder);
  expect(readFileSync(join(folder, "model", "config.json"), "utf8")).toBe("old");
  mkdirSync(aside);
  await removeLeftovers(folder);
  expect(readdirSync(folder)).toEqual(["model"]);
  expect(readFileSync(join(folder, "model", "config.json"), "utf8")).toBe("old");
});

test("a folder that is not there has no leftovers", async () => {
  await removeLeftovers(join(folder, "nowhere"));
});
