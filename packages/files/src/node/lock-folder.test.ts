import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderHolder, folderLock, lockFolder } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kindred-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inUse = ({ pid }: { readonly pid?: number }) => new Error(`process ${pid} has it`);

test("one at a time has a folder, and its lock goes when it is released", () => {
  const release = lockFolder(folder, inUse);
  expect(folderHolder(folder)).toMatchObject({ pid: process.pid, host: hostname() });
  expect(() => lockFolder(folder, inUse)).toThrow(`process ${process.pid} has it`);
  release();
  release();
  expect(folderHolder(folder)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});

test("the lock of a process that has ended is nobody's, and one that is just being written somebody's", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  writeFileSync(join(folder, folderLock), JSON.stringify({ pid, host: hostname(), since: "then", started: "1" }));
  expect(folderHolder(folder)).toBeUndefined();
  lockFolder(folder, inUse)();
  writeFileSync(join(folder, folderLock), '{"pi');
  expect(folderHolder(folder)).toEqual({});
});
