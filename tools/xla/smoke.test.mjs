// The doctor and the smoke test, where a plugin is.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describePlugins } from "@kindred/testing";
import { expect, test } from "vitest";
import { root } from "../node-runtime.mjs";

/** @param {string} name @param {readonly string[]} args */
const run = (name, args) => {
  const file = join(root, "tools", "xla", `${name}.mjs`);
  return spawnSync(process.execPath, [file, ...args], { encoding: "utf8" });
};

describePlugins("the smoke test", ({ path }) => {
  test("passes, and the doctor finds what it tested", () => {
    const { status, stdout } = run("doctor", ["--plugin", path, "--devices", "3"]);
    expect(stdout).toMatch(new RegExp(`plugin: ${path} \\(--plugin\\)`));
    expect(stdout).toMatch(/collectives over 3 devices/);
    expect(stdout).toMatch(/\n\d+ passed, 0 failed\n/);
    expect(status).toBe(0);
  });
});

test("the doctor tells of a path that leads nowhere", () => {
  const { status, stdout } = run("doctor", ["--plugin", "/nowhere.so"]);
  expect(stdout).toMatch(/Got --plugin = \/nowhere\.so/);
  expect(status).toBe(1);
});
