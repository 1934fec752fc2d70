// What a process that trains does as a whole: how it ends, and how it grows. Each in a child, where a crash is an exit code.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describePlugins } from "@kindred/testing";
import { expect, test } from "vitest";

function runSteps(plugin: string, steps: number, way: string) {
  const file = fileURLToPath(new URL("../test-programs/steps.mjs", import.meta.url));
  const flags = ["--expose-gc", "--max-semi-space-size=1"]; // the heap of young objects stays as it begins
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file, plugin, String(steps), way], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describePlugins("a process that trains", ({ path }) => {
  test("does not grow in 250 steps of changing lengths, makes five programs, and ends well", () => {
    const { status, stdout, stderr } = runSteps(path, 250, "read");
    expect([status, stderr]).toEqual([0, ""]);
    const { grewMiB, ...counts } = JSON.parse(stdout);
    expect(counts).toEqual({ programs: 5, tensors: 2, live: { buffers: 2, bytes: 2 * 4 * 256 * 256, programs: 5 } });
    // Weights that were left behind would be 200 × 512 KiB = 100 MiB, inputs 200 × 48 KiB = 9.
    expect(grewMiB).toBeLessThan(8);
  });

  test("keeps its exit code and its message when it ends while a step runs", () => {
    expect(runSteps(path, 3, "exit")).toEqual({ status: 7, stdout: "", stderr: "" });
    const thrown = runSteps(path, 3, "throw");
    expect(thrown.status).toBe(1);
    expect(thrown.stderr).toMatch(/Error: on purpose\n +at /);
  });
});
