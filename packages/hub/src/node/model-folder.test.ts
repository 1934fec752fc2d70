import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeDownload } from "../describe-download.ts";
import { HubError } from "../hub-error.ts";
import { modelFolder } from "./model-folder.ts";

test("a folder that is there, and what is neither folder nor id, are given back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kindred-hub-"));
  expect(await modelFolder(folder, { offline: true })).toBe(folder);
  expect(await modelFolder("nowhere", { offline: true })).toBe("nowhere");
  rmSync(folder, { recursive: true });
});

test("an id that the cache lacks is refused offline", async () => {
  await expect(modelFolder("kindred-tests/no-such-model", { offline: true })).rejects.toThrow(HubError);
});

test("every event has its line", () => {
  const plan = {
    type: "plan",
    id: "a/b",
    commit: "0123456789abcdef",
    files: 3,
    totalBytes: 2e8,
    cachedBytes: 5e5,
  } as const;
  expect(describeDownload(plan)).toBe("a/b at 0123456789: 3 files, 200 MB, 0.5 MB of them cached");
  expect(describeDownload({ type: "waiting", file: "f", fileBytes: 0, fileTotalBytes: 1 })).toContain(
    "another download of f",
  );
  expect(describeDownload({ type: "retry", attempt: 2, delayMs: 1500, message: "cut off." })).toBe(
    "cut off. Trying again (attempt 2) in 2 s",
  );
  expect(describeDownload({ type: "stale", commit: "0123456789abcdef", message: "no answer." })).toBe(
    "no answer. Using the cached copy, 0123456789",
  );
});
