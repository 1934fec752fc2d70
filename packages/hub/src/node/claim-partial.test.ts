import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimPartial, releasePartial } from "./claim-partial.ts";

let folder: string;
let blob: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kindred-hub-"));
  blob = join(folder, "ab".repeat(32));
});
afterEach(() => rm(folder, { recursive: true }));

const here = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
const endedProcess = spawnSync(process.execPath, ["-e", ""]).pid;
const partialOf = (host: string, pid: number) => `${blob}.${host}-${pid}-00000000.incomplete`;

test("a second claim finds the first at work, and takes over what it gives up", async () => {
  const first = await claimPartial(blob);
  expect(first).toMatchObject({ isOurs: true, bytes: 0 });
  await writeFile(first.path, "12345");
  expect(await claimPartial(blob)).toEqual({ isOurs: false, path: first.path, bytes: 5 });
  await releasePartial(first.path);
  expect(await claimPartial(blob)).toMatchObject({ isOurs: true, bytes: 5 });
  expect(await readdir(folder)).toHaveLength(1);
});

test.each([
  ["an ended process", here, endedProcess, 0, true],
  ["an earlier process of this one's number", here, process.pid, 0, true],
  ["a running process", here, process.ppid, 0, false],
  ["a process that has been still for an hour", here, process.ppid, 3600, true],
  ["another machine", "00000000", endedProcess, 0, false],
  ["another machine, still for an hour", "00000000", endedProcess, 3600, true],
])("what %s left: taken over", async (_, host, pid, ageSeconds, isTaken) => {
  const path = partialOf(host, pid);
  await writeFile(path, "123");
  const then = Date.now() / 1000 - ageSeconds;
  await utimes(path, then, then);
  expect(await claimPartial(blob)).toMatchObject({ isOurs: isTaken, bytes: 3 });
});

test("of many that begin at once on what one left, one alone gets it", async () => {
  await writeFile(partialOf(here, endedProcess), "123");
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimPartial(blob)));
  expect(claims.filter(({ isOurs, bytes }) => isOurs && bytes === 3)).toHaveLength(1);
  const paths = claims.filter(({ isOurs }) => isOurs).map(({ path }) => path);
  expect(new Set(paths).size).toBe(paths.length);
  for (const path of paths) expect((await stat(path)).isFile()).toBe(true);
});

test("files of other tools and of other blobs are left alone", async () => {
  const others = [
    `${blob}.incomplete`,
    `${blob}.0123abcd.incomplete`,
    `${blob}1.${here}-${endedProcess}-00000000.incomplete`,
  ];
  for (const path of others) await writeFile(path, "123");
  expect(await claimPartial(blob)).toMatchObject({ isOurs: true, bytes: 0 });
  for (const path of others) expect((await stat(path)).size).toBe(3);
});
