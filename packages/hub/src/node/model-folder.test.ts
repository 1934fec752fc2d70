import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FormatError } from "@kindred/errors";
import { describeDownload } from "../describe-download.ts";
import { HubError } from "../hub-error.ts";
import { modelFolder } from "./model-folder.ts";

test("a folder that is there, and what can only be a path, are given back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kindred-hub-"));
  expect(await modelFolder(folder, { offline: true })).toBe(folder);
  expect(await modelFolder("./nowhere", { offline: true })).toBe("./nowhere");
  rmSync(folder, { recursive: true });
});

test("what is no folder is told so first, at once, whether it could be a model of the Hub or only its name", async () => {
  const lacking = modelFolder("kindred-tests/no-such-model", { offline: true });
  await expect(lacking).rejects.toThrow(HubError);
  await expect(lacking).rejects.toThrow(
    /^kindred-tests\/no-such-model: no such folder\. As a model of the Hub: offline, and the cache does not hold/,
  );
  const bare = modelFolder("all-mpnet-base-v2", { offline: true });
  await expect(bare).rejects.toThrow(FormatError);
  await expect(bare).rejects.toThrow(
    "all-mpnet-base-v2: no such folder. A model of the Hub is named with its owner: sentence-transformers/all-mpnet-base-v2?",
  );
});

test("a folder that is nearly called so is named", async () => {
  const root = mkdtempSync(join(tmpdir(), "kindred-hub-"));
  mkdirSync(join(root, "my-run", "model"), { recursive: true });
  const here = process.cwd();
  process.chdir(root);
  try {
    for (const [model, nearest] of [
      ["my-runs/model", "my-run/model"],
      ["my-rn", "my-run"],
    ] as const)
      await expect(modelFolder(model, { offline: true })).rejects.toThrow(
        `${model}: no such folder. Did you mean ${join(nearest)}? A`,
      );
  } finally {
    process.chdir(here);
    rmSync(root, { recursive: true });
  }
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
