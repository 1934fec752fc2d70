import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderHolder, folderLock, lockFolder, settledLock } from "./index.ts";

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

test("the lock of another machine is waited for until it is touched, is gone, or has not been touched for five minutes", async () => {
  const path = join(folder, folderLock);
  writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere", since: "then", started: "1" }));
  const age = (seconds: number) => utimesSync(path, new Date(), new Date(Date.now() - 1000 * seconds));
  const told: unknown[] = [];
  const onWait = ({ host }: { readonly host?: string }) => void told.push(host);
  for (const end of [() => age(0), () => rmSync(path), () => age(400)]) {
    if (readdirSync(folder).length === 0) writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere" }));
    age(100);
    const wait = settledLock(folder, { onWait });
    await new Promise((resolve) => setTimeout(resolve, 20));
    end();
    await wait;
  }
  expect(told).toEqual(["elsewhere", "elsewhere", "elsewhere"]);
  await settledLock(folder, { onWait }); // dead
  lockFolder(folder, inUse)();
  writeFileSync(path, JSON.stringify({ pid: 1, host: "elsewhere" }));
  const signal = AbortSignal.timeout(20);
  await expect(settledLock(folder, { signal })).rejects.toThrow(/timeout/);
  expect(() => lockFolder(folder, inUse)).toThrow("process 1 has it");
});
