import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "@kindred/errors";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimNewRun, claimOldRun, expectNotInUse } from "./index.ts";

let root: string;
let run: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kindred-claim-"));
  run = join(root, "runs", "a");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a run's folder", () => {
  test("has one claimant at a time, who is named; released, it is anybody's", () => {
    const claim = claimNewRun(run);
    for (const other of [() => claimNewRun(run), () => claimOldRun(run), () => expectNotInUse(run)])
      expect(other).toThrow(new RegExp(`is in use: by process ${process.pid} on ${hostname()}, since 20`));
    expect(() => claimNewRun(run)).toThrow(ConfigError);
    claim.release();
    expect(readdirSync(run)).toEqual([]);
    claimOldRun(run).release();
  });

  test("abandoned, is gone with the folders that were made for it, and with nothing else", () => {
    claimNewRun(run).abandon();
    expect(readdirSync(root)).toEqual([]);
    mkdirSync(join(root, "runs"));
    claimNewRun(run).abandon();
    expect(readdirSync(root)).toEqual(["runs"]);
    const claim = claimNewRun(run);
    writeFileSync(join(run, "run.json"), "{}");
    claim.abandon();
    expect(readdirSync(run)).toEqual(["run.json"]);
  });

  test("must be empty, and not in a file; of a name that is the command's own the next number is taken", () => {
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "something"), "");
    expect(() => claimNewRun(run)).toThrow(/not empty\. Got .* --resume /);
    expect(() => claimNewRun(join(run, "something", "b"))).toThrow(/something is a file/);
    const claims = [claimNewRun(run, { numbered: true }), claimNewRun(run, { numbered: true })];
    expect(claims.map(({ path }) => path)).toEqual([`${run}-2`, `${run}-3`]);
    for (const claim of claims) claim.release();
  });

  test("that is a file is nobody's: what is wrong with it is for its reader to say", () => {
    const file = join(root, "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "a")]) expect(() => expectNotInUse(path)).not.toThrow();
  });

  test.skipIf(!existsSync("/proc/self"))("is refused where none can be made", () => {
    expect(() => claimNewRun("/proc/kindred/run")).toThrow("train: the output cannot be written: ENOENT");
  });
});

describe("a lock of a claimant that is gone is taken over", () => {
  const lockOf = (holder: object) => {
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, ".lock"), `${JSON.stringify(holder)}\n`);
  };
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;

  test.each<[string, object]>([
    ["of a process that has ended", { pid: dead, host: hostname(), since: "then", started: "1" }],
    ["of an earlier process of this one's number", { pid: process.pid, host: hostname(), since: "then", started: "1" }],
    ...(process.platform === "linux"
      ? [
          ["of an earlier process of a living one's number", { pid: process.ppid, host: hostname(), started: "1" }] as [
            string,
            object,
          ],
        ]
      : []),
  ])("%s", (_, holder) => {
    lockOf(holder);
    const claim = claimOldRun(run);
    expect(readFileSync(join(run, ".lock"), "utf8")).toContain(`"pid":${process.pid}`);
    claim.release();
    expect(existsSync(join(run, ".lock"))).toBe(false);
  });

  test("of another machine, once it has not been touched for minutes; else it is that machine's", () => {
    lockOf({ pid: 1, host: "elsewhere", since: "then", started: "1" });
    expect(() => claimOldRun(run)).toThrow(/by process 1 on elsewhere, since then/);
    const longAgo = new Date(Date.now() - 600_000);
    utimesSync(join(run, ".lock"), longAgo, longAgo);
    claimOldRun(run).release();
  });
});
